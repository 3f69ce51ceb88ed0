internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    @discardableResult
    package func addVolume(
        _ draft: VolumeDraft, making root: OriginRoot?, reusingName isReusing: Bool
    ) throws(PerigeeError) -> VolumeRecord {
        try changing { reader in
            try add(draft, making: root, isReusing: isReusing, reader)
        }
    }

    /// Adds a volume within a change.
    func add(
        _ draft: VolumeDraft, making root: OriginRoot?, isReusing: Bool, _ reader: ControlReader
    ) throws -> VolumeRecord {
        try Self.check(draft)
        try checkNameIsFree(draft.name, reader, isReusing: isReusing)
        if let root { try insert(root, reader) }
        let ordinal = try insertVolume(reader.db, draft)
        for (index, source) in draft.sources.enumerated() {
            try Self.insert(source, number: index + 1, ordinal, reader)
        }
        try record(reader.db, .volumeAdded, draft.name.string, "ordinal \(ordinal)")
        if draft.isPublic {
            try set(PublicRule.rule, label: nil, on: draft.name, as: .madePublic, reader)
        }
        return try reader.volume(named: draft.name)
    }

    package func volume(named name: VolumeName) throws(PerigeeError) -> VolumeRecord {
        try reading { reader in try reader.volume(named: name) }
    }

    package func volumes() throws(PerigeeError) -> [VolumeRecord] {
        try reading { reader in try reader.volumes() }
    }

    package func removeVolume(named name: VolumeName) throws(PerigeeError) {
        try changing { reader in
            let volume = try reader.volume(named: name)
            let ordinal = volume.ordinal
            if let highest = volume.highest {
                try reader.db.execute(
                    sql: """
                        INSERT INTO retired (name, ordinal, highest, removed)
                        VALUES (?, ?, ?, ?)
                        """,
                    arguments: [name.string, ordinal, highest.value, now().nanoseconds])
            }
            // The current revision is a foreign key of the volume, so it goes last but one. Rules,
            // tables and classes go with the volume's row.
            for sql in [
                "DELETE FROM source WHERE volume = ?",
                "UPDATE volume SET current = NULL, highest = NULL WHERE ordinal = ?",
                "DELETE FROM revision WHERE volume = ?",
                "DELETE FROM volume WHERE ordinal = ?",
            ] {
                try reader.db.execute(sql: sql, arguments: [ordinal])
            }
            try record(reader.db, .volumeRemoved, name.string, "ordinal \(ordinal)")
        }
    }

    private static func check(_ draft: VolumeDraft) throws(PerigeeError) {
        try AccessLimits.check(draft.metadata, of: draft.name)
        guard !draft.sources.isEmpty else {
            throw PerigeeError(
                .invalidArgument, "the volume \(draft.name) has no source",
                remedy: "say where its files are")
        }
    }

    private func checkNameIsFree(
        _ name: VolumeName, _ reader: ControlReader, isReusing: Bool
    ) throws {
        guard try reader.volumes(named: name).isEmpty else {
            throw PerigeeError(
                .conflict, "there is a volume \(name) already", remedy: "choose another name")
        }
        if isReusing { return }
        let highest = try Int.fetchOne(
            reader.db, sql: "SELECT highest FROM retired WHERE name = ?",
            arguments: [name.string])
        if let highest {
            throw PerigeeError(
                .conflict,
                "the name \(name) belonged to a volume that was published up to r\(highest) and"
                    + " then removed",
                remedy: "choose another name, or add --reuse-name where nobody has cited"
                    + " \(name)@r1, which comes to mean other data")
        }
    }

    private func insertVolume(_ db: Database, _ draft: VolumeDraft) throws -> Int64 {
        let last = try Int.fetchOne(
            db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'volume'")
        guard (last ?? 0) < NodeNumber.highestOrdinal else {
            throw PerigeeError(
                .conflict,
                "all \(NodeNumber.highestOrdinal) volume numbers of this state folder have been"
                    + " given, and those of removed volumes are not given again",
                remedy: "start another state folder with `perigee init`")
        }
        let metadata = draft.metadata
        try db.execute(
            sql: """
                INSERT INTO volume (
                    name, title, abstract, domain, mission, contact, creator, licence, doi,
                    created
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                draft.name.string, metadata.title, metadata.abstract, metadata.domain,
                metadata.mission, metadata.contact, metadata.creator, metadata.licence,
                metadata.doi, draft.created.nanoseconds,
            ])
        return db.lastInsertedRowID
    }
}
