internal import AccessControl
internal import GRDB
internal import VolumeModel

extension SQLiteControlStore {
    /// Replaces what people are told of a volume, within a change.
    func set(_ metadata: VolumeMetadata, of name: VolumeName, _ reader: ControlReader) throws {
        try AccessLimits.check(metadata, of: name)
        let volume = try reader.volume(named: name)
        guard volume.metadata != metadata else { return }
        try reader.execute(
            """
            UPDATE volume SET title = ?, abstract = ?, domain = ?, mission = ?, contact = ?,
                creator = ?, licence = ?, doi = ?
            WHERE ordinal = ?
            """,
            [
                metadata.title, metadata.abstract, metadata.domain, metadata.mission,
                metadata.contact, metadata.creator, metadata.licence, metadata.doi,
                volume.ordinal,
            ])
        try record(
            reader.db, .metadataSet, name.string,
            EventWords.metadata(from: volume.metadata, to: metadata))
    }

    /// Replaces how a volume is guarded beside its rules, within a change.
    func set(_ settings: VolumeSettings, of name: VolumeName, _ reader: ControlReader) throws {
        try AccessLimits.check(settings, of: name)
        let volume = try reader.volume(named: name)
        guard volume.settings != settings else { return }
        try reader.execute(
            """
            UPDATE volume SET embargo = ?, embargo_after = ?, embargo_months = ?,
                metadata_with_data = ?, revocation_hard = ?, audit_required = ?
            WHERE ordinal = ?
            """,
            [
                settings.embargo != nil, settings.embargo?.period?.after.string,
                settings.embargo?.period?.months, settings.embargo?.metadataWithData ?? false,
                settings.isRevocationHard, settings.isAuditRequired, volume.ordinal,
            ])
        try reader.execute("DELETE FROM path_expression WHERE volume = ?", [volume.ordinal])
        for (index, expression) in settings.expressions.enumerated() {
            try reader.execute(
                "INSERT INTO path_expression (volume, number, text) VALUES (?, ?, ?)",
                [volume.ordinal, index + 1, expression.text])
        }
        try record(
            reader.db, .settingsSet, name.string,
            "\(EventWords.settings(volume.settings)) -> \(EventWords.settings(settings))")
    }

    /// Says whose a volume is, within a change.
    func set(label: PolicyLabel?, of name: VolumeName, _ reader: ControlReader) throws {
        try AccessLimits.check(label: label)
        let volume = try reader.volume(named: name)
        guard volume.label != label else { return }
        try reader.execute(
            "UPDATE volume SET label = ? WHERE ordinal = ?", [label, volume.ordinal])
        try record(
            reader.db, .labelSet, name.string,
            "\(volume.label ?? "none") -> \(label ?? "none")")
    }

    /// Replaces a volume's attribute table within a change.
    func replace(_ rows: [AttributeRow], of name: VolumeName, _ reader: ControlReader) throws {
        for row in rows { try AccessLimits.check(value: row.value, of: row.key) }
        let ordinal = try reader.ordinal(of: name)
        let before = try reader.attributeSource(of: name).rows
        guard before != rows else { return }
        try reader.execute("DELETE FROM attribute_row WHERE volume = ?", [ordinal])
        for (index, row) in rows.enumerated() {
            try reader.execute(
                """
                INSERT INTO attribute_row (volume, number, pattern, key, value, line)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [ordinal, index + 1, row.pattern.text, row.key.string, row.value, row.line])
        }
        try record(
            reader.db, .attributesReplaced, name.string, EventWords.rows(from: before, to: rows))
    }

    /// Replaces a volume's table of release times within a change.
    func replace(_ rows: [ReleaseRow], of name: VolumeName, _ reader: ControlReader) throws {
        for row in rows { try AccessLimits.check(value: row.value, of: row.key) }
        let ordinal = try reader.ordinal(of: name)
        var before: [ReleaseRow] = []
        try reader.readReleases(of: ordinal) { _, row in before.append(row) }
        guard before != rows else { return }
        try reader.execute("DELETE FROM release_row WHERE volume = ?", [ordinal])
        for (index, row) in rows.enumerated() {
            try reader.execute(
                """
                INSERT INTO release_row (volume, number, key, value, metadata, data)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    ordinal, index + 1, row.key.string, row.value, row.metadata?.nanoseconds,
                    row.data?.nanoseconds,
                ])
        }
        try record(
            reader.db, .releasesReplaced, name.string, EventWords.rows(from: before, to: rows))
    }
}
