internal import GRDB
package import VolumeModel

/// Changes of the places that hold a volume's files.
extension SQLiteControlStore {
    @discardableResult
    package func addSource(
        _ draft: SourceDraft, number: Int, to name: VolumeName
    ) throws(PerigeeError) -> VolumeSource {
        try changing { reader in
            let volume = try reader.volume(named: name)
            let isKnown = volume.sources.contains {
                $0.root == draft.root && $0.subpath == draft.subpath
            }
            guard !isKnown else {
                throw PerigeeError(
                    .conflict, "\(name) has the source \(draft.root):\(draft.subpath) already",
                    remedy: "`perigee volume source ls \(name)` lists its sources")
            }
            guard volume.sources.allSatisfy({ $0.number < number }) else {
                throw PerigeeError(
                    .conflict, "somebody else has added a source to \(name) meanwhile",
                    remedy: "run the command again")
            }
            let source = VolumeSource(
                number: number, root: draft.root, subpath: draft.subpath, zone: draft.zone,
                priority: draft.priority)
            try Self.insert(draft, number: number, Int64(volume.ordinal), reader)
            try record(reader.db, .sourceAdded, name.string, source.words)
            return source
        }
    }

    package func removeSource(number: Int, from name: VolumeName) throws(PerigeeError) {
        try changing { reader in
            let volume = try reader.volume(named: name)
            guard let source = volume.sources.first(where: { $0.number == number }) else {
                throw PerigeeError(
                    .notFound, "\(name) has no source of number \(number)",
                    remedy: "`perigee volume source ls \(name)` lists its sources")
            }
            guard volume.sources.count > 1 else {
                throw PerigeeError(
                    .conflict, "\(source.root):\(source.subpath) is the only source of \(name)",
                    remedy: "add another one first")
            }
            try reader.execute(
                "DELETE FROM source WHERE volume = ? AND number = ?", [volume.ordinal, number])
            try record(reader.db, .sourceRemoved, name.string, source.words)
        }
    }

    /// Adds the row of a source within a change.
    ///
    /// - Throws: `.notFound` for its root, `.invalidArgument` for a zone that is no word.
    static func insert(
        _ source: SourceDraft, number: Int, _ ordinal: Int64, _ reader: ControlReader
    ) throws {
        _ = try reader.root(named: source.root)
        if let zone = source.zone { try VolumeSource.check(zone: zone) }
        try reader.execute(
            """
            INSERT INTO source (volume, number, root, subpath, zone, priority)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                ordinal, number, source.root.string, source.subpath.description, source.zone,
                source.priority,
            ])
    }
}

extension VolumeSource {
    /// As an event tells it.
    fileprivate var words: String {
        "number \(number), \(root):\(subpath), priority \(priority)"
            + (zone.map { ", zone \($0)" } ?? "")
    }

    /// Refuses what cannot name a place.
    ///
    /// - Throws: `.invalidArgument`.
    package static func check(zone: String) throws(PerigeeError) {
        let isWord =
            (1...64).contains(zone.utf8.count)
            && zone.utf8.allSatisfy { byte in
                (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
                    || (0x30...0x39).contains(byte) || [0x2d, 0x2e, 0x5f].contains(byte)
            }
        guard isWord else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(zone)) cannot be a zone",
                remedy: "a zone has 1 to 64 letters, digits, dots, dashes and underscores")
        }
    }
}
