internal import GRDB
internal import VolumeModel

/// Reads records within one transaction of one connection.
struct ControlReader {
    /// The connection, in a transaction.
    let db: Database
    /// The database file, for messages.
    let path: String

    /// Everything that servers answer by.
    func snapshot() throws -> ControlSnapshot {
        ControlSnapshot(epoch: try epoch(), volumes: try volumes(), roots: try roots())
    }

    /// How often the store has been changed.
    func epoch() throws -> Epoch {
        guard let value = try Int64.fetchOne(db, sql: "SELECT value FROM epoch") else {
            throw SQLiteFailure.corrupt(path, "has no epoch")
        }
        return Epoch(value)
    }

    /// The root of that name.
    ///
    /// - Throws: `.notFound`.
    func root(named name: RootName) throws -> OriginRoot {
        guard let root = try roots(named: name).first else {
            throw PerigeeError(
                .notFound, "there is no root \(name)", remedy: "`perigee root ls` lists them")
        }
        return root
    }

    /// All roots, or the one of that name, by name in byte order.
    func roots(named name: RootName? = nil) throws -> [OriginRoot] {
        try rows(
            """
            SELECT name, origin, files, locality, fingerprint, created FROM root
            WHERE ?1 IS NULL OR name = ?1 ORDER BY name
            """, [name?.string]
        ) { columns in
            OriginRoot(
                name: try RootName(columns.text(0)),
                origin: try OriginLocation(parsing: columns.text(1)),
                files: try columns.required(FilesContract(rawValue: columns.text(2)), 2),
                locality: try columns.required(Locality(rawValue: columns.text(3)), 3),
                fingerprint: try columns.required(Fingerprint(rawValue: columns.text(4)), 4),
                created: Timestamp(nanoseconds: try columns.integer(5)))
        }
    }

    /// The volume of that name.
    ///
    /// - Throws: `.notFound`.
    func volume(named name: VolumeName) throws -> VolumeRecord {
        guard let volume = try volumes(named: name).first else {
            throw PerigeeError(
                .notFound, "there is no volume \(name)",
                remedy: "`perigee volume ls` lists them")
        }
        return volume
    }

    /// All volumes, or the one of that name, by name in byte order.
    func volumes(named name: VolumeName? = nil) throws -> [VolumeRecord] {
        let sources = try sources(ofVolume: name)
        return try rows(
            """
            SELECT ordinal, name, title, abstract, domain, mission, contact, creator, licence, doi,
                is_public, current, highest, created
            FROM volume WHERE ?1 IS NULL OR name = ?1 ORDER BY name
            """, [name?.string]
        ) { columns in
            let ordinal = try columns.integer(0)
            return VolumeRecord(
                ordinal: Int(ordinal), name: try VolumeName(columns.text(1)),
                metadata: VolumeMetadata(
                    title: try columns.text(2), abstract: try columns.optionalText(3),
                    domain: try columns.optionalText(4), mission: try columns.optionalText(5),
                    contact: try columns.optionalText(6), creator: try columns.optionalText(7),
                    licence: try columns.optionalText(8), doi: try columns.optionalText(9)),
                isPublic: try columns.integer(10) != 0,
                sources: sources[ordinal, default: []],
                current: try columns.revision(11), highest: try columns.revision(12),
                created: Timestamp(nanoseconds: try columns.integer(13)))
        }
    }

    /// The published revisions of a volume, the oldest first.
    func revisions(of volume: VolumeRecord) throws -> [RevisionRecord] {
        try rows(
            """
            SELECT number, published, files, folders, bytes, state_digest, content_digest, note
            FROM revision WHERE volume = ? ORDER BY number
            """, [volume.ordinal]
        ) { columns in
            RevisionRecord(
                volume: volume.name,
                number: try columns.required(columns.revision(0), 0),
                publishedAt: Timestamp(nanoseconds: try columns.integer(1)),
                files: try columns.integer(2), folders: try columns.integer(3),
                bytes: try columns.integer(4), stateDigest: try columns.blob(5),
                contentDigest: try columns.optionalBlob(6), note: try columns.optionalText(7))
        }
    }

    /// Events after `sequence`, the oldest first.
    func events(after sequence: Int64, limit: Int) throws -> [ControlEvent] {
        try rows(
            """
            SELECT sequence, at, actor, action, subject, detail FROM event
            WHERE sequence > ? ORDER BY sequence LIMIT ?
            """, [sequence, max(0, limit)]
        ) { columns in
            ControlEvent(
                sequence: try columns.integer(0),
                at: Timestamp(nanoseconds: try columns.integer(1)),
                actor: try columns.required(UInt32(exactly: columns.integer(2)), 2),
                action: try columns.required(ControlAction(rawValue: columns.text(3)), 3),
                subject: try columns.text(4), detail: try columns.text(5))
        }
    }

    private func sources(ofVolume name: VolumeName?) throws -> [Int64: [VolumeSource]] {
        let pairs = try rows(
            """
            SELECT source.volume, source.number, source.root, source.subpath, source.zone,
                source.priority
            FROM source JOIN volume ON volume.ordinal = source.volume
            WHERE ?1 IS NULL OR volume.name = ?1 ORDER BY source.volume, source.number
            """, [name?.string]
        ) { columns in
            (
                try columns.integer(0),
                VolumeSource(
                    number: Int(try columns.integer(1)), root: try RootName(columns.text(2)),
                    subpath: try EntryPath(columns.text(3)), zone: try columns.optionalText(4),
                    priority: Int(try columns.integer(5)))
            )
        }
        return Dictionary(grouping: pairs, by: \.0).mapValues { $0.map(\.1) }
    }

    private func rows<Record>(
        _ sql: String, _ arguments: StatementArguments, _ record: (Columns) throws -> Record
    ) throws -> [Record] {
        let cursor = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: arguments)
        var records: [Record] = []
        while let row = try cursor.next() {
            records.append(try record(Columns(row, path: path)))
        }
        return records
    }
}
