internal import AccessControl
internal import GRDB
internal import VolumeModel

extension ControlReader {
    /// The volume of that name.
    ///
    /// - Throws: `.notFound`.
    func volume(named name: VolumeName) throws -> VolumeRecord {
        guard let volume = try volumes(named: name).first else { throw missing(name) }
        return volume
    }

    /// The number of the volume of that name.
    ///
    /// - Throws: `.notFound`.
    func ordinal(of name: VolumeName) throws -> Int64 {
        let ordinal = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT ordinal FROM volume WHERE name = ?"),
            arguments: [name.string])
        guard let ordinal else { throw missing(name) }
        return ordinal
    }

    /// All volumes, or the one of that name, by name in byte order.
    func volumes(named name: VolumeName? = nil) throws -> [VolumeRecord] {
        let sources = try sources(ofVolume: name)
        let expressions = try expressions(ofVolume: name)
        return try rows(
            """
            SELECT ordinal, name, title, abstract, domain, mission, contact, creator, licence, doi,
                EXISTS (SELECT 1 FROM rule WHERE rule.volume = volume.ordinal AND \(PublicRule.condition)),
                current, highest, created, embargo, embargo_after, embargo_months,
                metadata_with_data, revocation_hard, audit_required, class_generation, label
            FROM volume WHERE ?1 IS NULL OR name = ?1 ORDER BY name
            """, [name?.string]
        ) { columns in
            let ordinal = try columns.integer(0)
            return VolumeRecord(
                ordinal: Int(ordinal), name: try VolumeName(columns.text(1)),
                metadata: VolumeMetadata(
                    title: try columns.text(2), abstract: columns.optionalText(3),
                    domain: columns.optionalText(4), mission: columns.optionalText(5),
                    contact: columns.optionalText(6), creator: columns.optionalText(7),
                    licence: columns.optionalText(8), doi: columns.optionalText(9)),
                isPublic: try columns.flag(10),
                settings: VolumeSettings(
                    embargo: try embargo(columns, from: 14),
                    expressions: expressions[ordinal, default: []],
                    isRevocationHard: try columns.flag(18),
                    isAuditRequired: try columns.flag(19)),
                classGeneration: try columns.integer(20), label: columns.optionalText(21),
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
                contentDigest: columns.optionalBlob(6), note: columns.optionalText(7))
        }
    }

    /// What the volume's attributes come from.
    ///
    /// - Throws: `.notFound`.
    func attributeSource(of name: VolumeName) throws -> AttributeSource {
        let ordinal = try ordinal(of: name)
        var patterns: [String: PathPattern] = [:]
        let rows = try rows(
            "SELECT pattern, key, value, line FROM attribute_row WHERE volume = ? ORDER BY number",
            [ordinal]
        ) { columns in
            AttributeRow(
                pattern: try patterns.kept(columns.text(0)) { try PathPattern($0) },
                key: try AttributeKey(columns.text(1)), value: try columns.text(2),
                line: Int(try columns.integer(3)))
        }
        return AttributeSource(
            expressions: try expressions(ofVolume: name)[ordinal, default: []], rows: rows)
    }

    private func missing(_ name: VolumeName) -> PerigeeError {
        PerigeeError(
            .notFound, "there is no volume \(name)", remedy: "`perigee volume ls` lists them")
    }

    /// The four columns of an embargo.
    private func embargo(_ columns: Columns, from index: Int) throws -> EmbargoPolicy? {
        guard try columns.flag(index) else { return nil }
        var period: EmbargoPolicy.Period?
        if let key = columns.optionalText(index + 1) {
            period = EmbargoPolicy.Period(
                after: try AttributeKey(key), months: Int(try columns.integer(index + 2)))
        }
        return EmbargoPolicy(period: period, metadataWithData: try columns.flag(index + 3))
    }

    private func expressions(
        ofVolume name: VolumeName?
    ) throws -> [Int64: [PathExpression]] {
        var all: [Int64: [PathExpression]] = [:]
        try forEach(
            """
            SELECT path_expression.volume, path_expression.text
            FROM path_expression JOIN volume ON volume.ordinal = path_expression.volume
            WHERE ?1 IS NULL OR volume.name = ?1
            ORDER BY path_expression.volume, path_expression.number
            """, [name?.string]
        ) { columns in
            all[try columns.integer(0), default: []].append(
                try PathExpression(columns.text(1)))
        }
        return all
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
                    subpath: try EntryPath(columns.text(3)), zone: columns.optionalText(4),
                    priority: Int(try columns.integer(5)))
            )
        }
        return Dictionary(grouping: pairs, by: \.0).mapValues { $0.map(\.1) }
    }
}
