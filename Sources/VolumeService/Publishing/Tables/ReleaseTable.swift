package import AccessControl
package import VolumeModel

/// Release times of classes, in a file:
///
///     key           value    metadata_release    data_release
///     proposal_id   1288     -                   2026-09-01
///
/// with tabs between the columns, and `-` where nothing is said.
package enum ReleaseTable {
    /// Reads a whole file's bytes.
    ///
    /// - Returns: the rows by key and value in byte order; those without any time are left out.
    /// - Throws: `.invalidArgument` that names file and line, for what is no key, value or instant,
    ///   and for two rows that give one key and value different times.
    package static func parse(_ bytes: [UInt8], named file: String) throws(PerigeeError)
        -> [ReleaseRow]
    {
        let table = try TabTable(
            bytes, named: file,
            required: [
                "key", "value", AttributeKey.metadataRelease.string,
                AttributeKey.dataRelease.string,
            ])
        var known: [ReleaseTarget: (row: ReleaseRow, line: Int)] = [:]
        try table.eachRow { line throws(PerigeeError) in
            guard let key = try line["key"], let value = try line.value("value") else {
                throw PerigeeError(
                    .invalidArgument, "the row has no key or no value",
                    remedy: "name the attribute and the value whose release it is")
            }
            let row = ReleaseRow(
                key: try AttributeKey(key), value: value,
                metadata: try line.instant(AttributeKey.metadataRelease.string),
                data: try line.instant(AttributeKey.dataRelease.string))
            if let other = known[ReleaseTarget(row)], other.row != row {
                throw PerigeeError(
                    .invalidArgument,
                    "\(row.key)=\(Printable.quoted(row.value)) has other times in line \(other.line)",
                    remedy: "give it one row")
            }
            known[ReleaseTarget(row)] = (row, line.line)
        }
        return known.values.map(\.row).filter { $0.metadata != nil || $0.data != nil }
            .sorted { left, right in
                left.key == right.key
                    ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                    : left.key < right.key
            }
    }
}

/// What a row of release times is about.
struct ReleaseTarget: Hashable {
    let key: AttributeKey
    let value: String

    init(key: AttributeKey, value: String) {
        self.key = key
        self.value = value
    }

    init(_ row: ReleaseRow) {
        key = row.key
        value = row.value
    }
}
