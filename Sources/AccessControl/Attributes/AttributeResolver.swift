package import VolumeModel

/// Finds the attributes of entries, many at a time.
///
/// Fastest where paths come in the order of a walk: what is known of the folders above the last path
/// is kept. Not safe from several threads at once.
package final class AttributeResolver {
    /// What the rows say that cover a path.
    private enum RowValues: Sendable {
        case values([AttributeKey: String])
        /// Two rows that say different things of a key.
        case clash(AttributeKey, Int, Int)
    }

    /// A folder above the last path, or the root.
    private struct Folder {
        /// Bytes of its path.
        let length: Int
        let place: PathPlace<RowValues>
        /// What each expression says that matches here or above, by its number.
        let told: [Int: [AttributeKey: String]]
        /// The attributes of the entries that were last asked for in it, and their place.
        var last: (place: PathPlace<RowValues>, attributes: [AttributeKey: String])?
    }

    private let source: AttributeSource
    private let patterns: PathPatternSet
    /// The expressions at each leaf.
    private let expressionsAtLeaf: [Int32: [Int]]
    private var table: PlaceTable<RowValues>
    private var isUsed: [Bool]
    private var lastPath: [UInt8] = []
    /// The folders above `lastPath` from the root on.
    private var folders: [Folder]

    /// Compiles a source.
    package init(_ source: AttributeSource) {
        self.source = source
        let rows = source.rows
        let patterns = PathPatternSet(
            rows.map(\.pattern) + source.expressions.map(\.pattern))
        self.patterns = patterns
        var rowsAtLeaf = Array(repeating: [Int](), count: patterns.leafCount)
        for row in rows.indices { rowsAtLeaf[patterns.leaves[row]].append(row) }
        var expressionsAtLeaf: [Int32: [Int]] = [:]
        for number in source.expressions.indices {
            let leaf = patterns.leaves[rows.count + number]
            expressionsAtLeaf[Int32(leaf), default: []].append(number)
        }
        self.expressionsAtLeaf = expressionsAtLeaf
        isUsed = Array(repeating: false, count: patterns.leafCount)
        let table = PlaceTable(patterns) { [rowsAtLeaf] leaves in
            Self.values(leaves.flatMap { rowsAtLeaf[Int($0)] }.map { rows[$0] })
        }
        self.table = table
        folders = [Folder(length: 0, place: table.root, told: [:], last: nil)]
    }

    /// The attributes of the entry at `path`.
    ///
    /// - Throws: `.conflict` where two rows give one key different values; it names the path and
    ///   both lines.
    package func attributes(of path: [UInt8]) throws(PerigeeError) -> [AttributeKey: String] {
        enter(path)
        let folder = folders[folders.count - 1]
        let place = path.isEmpty ? table.root : self.place(of: path, in: folder)
        if let last = folder.last, last.place === place { return last.attributes }
        note(place)
        let isNew = place.covering.count > folder.place.covering.count
        let told = isNew ? tell(path[...], at: place, folder.told) : folder.told
        var attributes: [AttributeKey: String] = [:]
        // The first expression that knows a key gives its value.
        for number in told.keys.sorted() {
            attributes.merge(told[number] ?? [:]) { first, _ in first }
        }
        switch place.value {
        case .values(let values): attributes.merge(values) { _, row in row }
        case .clash(let key, let first, let second): throw clash(path, key, first, second)
        }
        // With the folder's own values only: what an expression reads from a name is that name's.
        if !tellsByName(place, in: folder) {
            folders[folders.count - 1].last = (place, attributes)
        }
        return attributes
    }

    /// The rows that have matched nothing so far.
    package var unused: [AttributeRow] {
        source.rows.indices.filter { !isUsed[patterns.leaves[$0]] }.map { source.rows[$0] }
    }

    /// Makes `folders` those above `path`.
    private func enter(_ path: [UInt8]) {
        var common = 0
        let most = min(path.count, lastPath.count)
        while common < most, path[common] == lastPath[common] { common += 1 }
        // A folder stays where the new path goes on with a slash behind it.
        while let last = folders.last, last.length > 0,
            last.length > common || last.length >= path.count
                || path[last.length] != UInt8(ascii: "/")
        {
            folders.removeLast()
        }
        lastPath = path
        var start = folders[folders.count - 1].length
        if start > 0 { start += 1 }
        while let slash = path[start...].firstIndex(of: UInt8(ascii: "/")) {
            let folder = folders[folders.count - 1]
            let place = self.place(of: path[..<slash], in: folder)
            note(place)
            let isNew = place.covering.count > folder.place.covering.count
            folders.append(
                Folder(
                    length: slash, place: place,
                    told: isNew ? tell(path[..<slash], at: place, folder.told) : folder.told,
                    last: nil))
            start = slash + 1
        }
    }

    private func place(
        of path: some Collection<UInt8>, in folder: Folder
    ) -> PathPlace<RowValues> {
        let name = Array(path.dropFirst(folder.length == 0 ? 0 : folder.length + 1))
        return name.withUnsafeBytes { table.place(of: $0, in: folder.place) }
    }

    /// What expressions say of a path, where those above have said `told`.
    private func tell(
        _ path: ArraySlice<UInt8>, at place: PathPlace<RowValues>,
        _ told: [Int: [AttributeKey: String]]
    ) -> [Int: [AttributeKey: String]] {
        var told = told
        for leaf in place.covering {
            for number in expressionsAtLeaf[leaf] ?? [] where told[number] == nil {
                told[number] = source.expressions[number].values(of: path)
            }
        }
        return told
    }

    /// Whether some expression matches at `place` that does not at the folder.
    private func tellsByName(_ place: PathPlace<RowValues>, in folder: Folder) -> Bool {
        place.covering.contains { leaf in
            expressionsAtLeaf[leaf]?.contains { folder.told[$0] == nil } ?? false
        }
    }

    private func note(_ place: PathPlace<RowValues>) {
        for leaf in place.covering { isUsed[Int(leaf)] = true }
    }

    private func clash(
        _ path: [UInt8], _ key: AttributeKey, _ first: Int, _ second: Int
    ) -> PerigeeError {
        PerigeeError(
            .conflict,
            "the attribute table gives \(Printable.quoted(path)) two values of \(key), in lines "
                + "\(first) and \(second)",
            remedy: "make their patterns narrower, or their values alike")
    }

    private static func values(_ rows: [AttributeRow]) -> RowValues {
        var values: [AttributeKey: (value: String, line: Int)] = [:]
        for row in rows.sorted(by: { $0.line < $1.line }) {
            if let known = values[row.key], known.value != row.value {
                return .clash(row.key, known.line, row.line)
            }
            if values[row.key] == nil { values[row.key] = (row.value, row.line) }
        }
        return .values(values.mapValues(\.value))
    }
}
