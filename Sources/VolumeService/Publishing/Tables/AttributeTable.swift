package import AccessControl
package import VolumeModel

/// What an archive says of its entries, in a file:
///
///     glob             key           value    metadata_release    data_release
///     jw01288*/**      proposal_id   1288     -                   2026-09-01
///
/// with tabs between the columns; the two of release times may be missing. Times of release are the
/// attributes `metadata_release` and `data_release`, and a row may give them alone.
package enum AttributeTable {
    /// Reads a whole file's bytes.
    ///
    /// - Throws: `.invalidArgument` that names file and line, for what is no pattern, key, value or
    ///   instant, and for two rows that give one pattern and key different values.
    package static func parse(_ bytes: [UInt8], named file: String) throws(PerigeeError)
        -> [AttributeRow]
    {
        let table = try TabTable(
            bytes, named: file, required: ["glob", "key", "value"], optional: releases.map(\.string)
        )
        var builder = Builder()
        try table.eachRow { row throws(PerigeeError) in try builder.add(row) }
        return builder.rows
    }

    private static let releases = [AttributeKey.metadataRelease, .dataRelease]

    private struct Place: Hashable {
        let pattern: String
        let key: AttributeKey
    }

    private struct Builder {
        var rows: [AttributeRow] = []
        private var known: [Place: (value: String, line: Int)] = [:]
        /// The last pattern: tables give the same many times in a row.
        private var last: PathPattern?

        mutating func add(_ row: TabTable.Row) throws(PerigeeError) {
            guard let glob = try row["glob"] else {
                throw PerigeeError(.invalidArgument, "the row has no glob")
            }
            let pattern: PathPattern
            if let last, last.text == glob {
                pattern = last
            } else {
                pattern = try PathPattern(glob)
            }
            last = pattern
            let key = try row["key"]
            let value = try row.value("value")
            var isEmpty = true
            switch (key, value) {
            case (let key?, let value?):
                let key = try AttributeKey(key)
                if releases.contains(key) { _ = try Timestamp(parsing: value) }
                try add(pattern, key, value, row.line)
                isEmpty = false
            case (nil, nil): break
            case (_?, nil), (nil, _?):
                throw PerigeeError(
                    .invalidArgument,
                    "the row has a \(key == nil ? "value" : "key") and no "
                        + (key == nil ? "key" : "value"),
                    remedy: "give both, or neither where the row is about release times alone")
            }
            for key in releases where try row.instant(key.string) != nil {
                try add(pattern, key, try row[key.string] ?? "", row.line)
                isEmpty = false
            }
            if isEmpty {
                throw PerigeeError(
                    .invalidArgument, "the row says nothing of \(Printable.quoted(glob))",
                    remedy: "give it a key and a value, or a release time")
            }
        }

        private mutating func add(
            _ pattern: PathPattern, _ key: AttributeKey, _ value: String, _ line: Int
        ) throws(PerigeeError) {
            let place = Place(pattern: pattern.text, key: key)
            if let known = known[place] {
                if known.value == value { return }
                throw PerigeeError(
                    .invalidArgument,
                    "\(Printable.quoted(pattern.text)) gets the \(key) \(Printable.quoted(value)), "
                        + "and \(Printable.quoted(known.value)) in line \(known.line)",
                    remedy: "give it one of them")
            }
            known[place] = (value, line)
            rows.append(AttributeRow(pattern: pattern, key: key, value: value, line: line))
        }
    }
}
