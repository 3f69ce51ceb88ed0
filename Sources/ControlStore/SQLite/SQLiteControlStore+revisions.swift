internal import FoundationEssentials
internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func revisions(of name: VolumeName) throws(PerigeeError) -> [RevisionRecord] {
        try reading { reader in try reader.revisions(of: reader.volume(named: name)) }
    }

    package func publish(_ revision: RevisionRecord) throws(PerigeeError) {
        try Self.check(revision)
        try changing { reader in
            let volume = try reader.volume(named: revision.volume)
            guard revision.number == volume.next else { throw Self.outOfTurn(revision, volume) }
            try insert(revision, ordinal: volume.ordinal, reader.db)
            try reader.db.execute(
                sql: "UPDATE volume SET current = ?1, highest = ?1 WHERE ordinal = ?2",
                arguments: [revision.number.value, volume.ordinal])
            try record(
                reader.db, .published, volume.name.string, revision.number.description)
        }
    }

    package func switchCurrent(
        of name: VolumeName, to number: RevisionNumber
    ) throws(PerigeeError) {
        try changing { reader in
            let volume = try reader.volume(named: name)
            guard try reader.revisions(of: volume).contains(where: { $0.number == number }),
                let current = volume.current
            else {
                throw PerigeeError(
                    .notFound, "the volume \(name) has no published revision \(number)",
                    remedy: "`perigee volume show \(name)` lists its revisions")
            }
            guard current != number else { return }
            try reader.db.execute(
                sql: "UPDATE volume SET current = ? WHERE ordinal = ?",
                arguments: [number.value, volume.ordinal])
            try record(reader.db, .switched, name.string, "\(current) to \(number)")
        }
    }

    private func insert(_ revision: RevisionRecord, ordinal: Int, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO revision (
                    volume, number, published, files, folders, bytes, state_digest,
                    content_digest, note
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                ordinal, revision.number.value, revision.publishedAt.nanoseconds, revision.files,
                revision.folders, revision.bytes, Data(revision.stateDigest),
                revision.contentDigest.map { Data($0) }, revision.note,
            ])
    }

    private static func check(_ revision: RevisionRecord) throws(PerigeeError) {
        let digests = [revision.stateDigest] + (revision.contentDigest.map { [$0] } ?? [])
        let counts = [revision.files, revision.folders, revision.bytes]
        guard digests.allSatisfy({ $0.count == RevisionRecord.digestLength }),
            counts.allSatisfy({ $0 >= 0 })
        else {
            throw PerigeeError(
                .invalidArgument,
                "the revision \(revision.volume)@\(revision.number) has a digest that is not"
                    + " \(RevisionRecord.digestLength) bytes, or a negative count")
        }
    }

    private static func outOfTurn(
        _ revision: RevisionRecord, _ volume: VolumeRecord
    ) -> PerigeeError {
        guard let next = volume.next else {
            return PerigeeError(
                .conflict,
                "the volume \(volume.name) has used all its \(RevisionNumber.highest.value)"
                    + " revision numbers",
                remedy: "add the files as a volume of another name")
        }
        let highest = volume.highest.map { "its highest is \($0)" } ?? "it has none yet"
        return PerigeeError(
            .conflict,
            "the volume \(volume.name) cannot take \(revision.number): \(highest), so \(next) is"
                + " next",
            remedy: revision.number < next
                ? "somebody else has published; scan again" : "scan again")
    }
}
