package import VolumeModel

/// A list of an archive's files: lines of path, size in bytes, time of the last change and SHA-256,
/// with tabs between them.
///
/// The time is an instant such as `2026-01-31T12:00:00Z` or seconds since 1970, and is what the
/// server says as `Last-Modified`; time and digest may be `-`, or be left out from the right. Empty
/// lines and lines that begin with `#` mean nothing. Paths are bytes, with no escapes: a path cannot
/// have a tab or a line's end.
package struct ArchiveManifest: Sendable {
    /// In the byte order of the keys.
    private let objects: [OriginObject]

    /// Files in a page of its list.
    static let pageSize = 1_000

    /// Reads a manifest.
    ///
    /// - Parameter name: what messages call it.
    /// - Throws: `.invalidArgument` with the number of the line that is off.
    package init(parsing text: [UInt8], name: String) throws(PerigeeError) {
        var lines: [(number: Int, object: OriginObject)] = []
        var number = 0
        for line in text.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            let line = line.last == 0x0d ? line.dropLast() : line
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            do throws(Fault) {
                lines.append((number, try Self.object(line)))
            } catch {
                throw Self.failure(name, number, error.text)
            }
        }
        lines.sort { $0.object.key.lexicographicallyPrecedes($1.object.key) }
        for (first, second) in zip(lines, lines.dropFirst())
        where first.object.key == second.object.key {
            throw Self.failure(
                name, max(first.number, second.number),
                "\(Printable.quoted(first.object.key)) stands in line "
                    + "\(min(first.number, second.number)) already")
        }
        objects = lines.map(\.object)
    }

    /// How many files it lists.
    package var count: Int { objects.count }

    /// What it says of a file, or nil.
    func object(_ key: [UInt8]) -> OriginObject? {
        let index = position { $0.lexicographicallyPrecedes(key) }
        return index < objects.count && objects[index].key == key ? objects[index] : nil
    }

    /// The files below a prefix, after a key.
    func page(prefix: [UInt8], after last: [UInt8]?) -> OriginPage {
        let start = position { key in
            key.lexicographicallyPrecedes(prefix)
                || last.map { !$0.lexicographicallyPrecedes(key) } ?? false
        }
        // One more than a page has, which tells whether there is another.
        let below = objects[start...].prefix(Self.pageSize + 1).prefix {
            $0.key.starts(with: prefix)
        }
        let page = below.prefix(Self.pageSize)
        return OriginPage(
            objects: Array(page),
            next: page.count < below.count ? page.last.map { ListingToken(bytes: $0.key) } : nil)
    }

    /// The first position whose key does not come before.
    private func position(where comesBefore: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, objects.count)
        while low < high {
            let middle = (low + high) / 2
            if comesBefore(objects[middle].key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private struct Fault: Error {
        let text: String
    }

    private static func object(_ line: ArraySlice<UInt8>) throws(Fault) -> OriginObject {
        let columns = line.split(separator: 0x09, omittingEmptySubsequences: false)
        guard (2...4).contains(columns.count) else {
            throw Fault(text: "it has \(columns.count) columns, not 2 to 4 with tabs between them")
        }
        guard !columns[0].isEmpty else { throw Fault(text: "the path is empty") }
        let sizeText = String(decoding: columns[1], as: UTF8.self)
        guard let size = HTTPHead.number(sizeText) else {
            throw Fault(text: "\(Printable.quoted(sizeText)) is no size in bytes")
        }
        let modified = try column(columns, 2).map { (text) throws(Fault) in try time(text) }
        let sha256 = try column(columns, 3).map { (text) throws(Fault) in try digest(text) }
        return OriginObject(
            key: Array(columns[0]), version: ObjectVersion(size: size, modified: modified),
            sha256: sha256, needsStat: modified == nil)
    }

    private static func column(_ columns: [ArraySlice<UInt8>], _ index: Int) -> String? {
        guard index < columns.count else { return nil }
        let text = String(decoding: columns[index], as: UTF8.self)
        return text.isEmpty || text == "-" ? nil : text
    }

    private static func time(_ text: String) throws(Fault) -> Timestamp {
        if let seconds = HTTPHead.number(text) { return Timestamp(secondsSinceEpoch: seconds) }
        guard let instant = try? Timestamp(parsing: text) else {
            throw Fault(text: "\(Printable.quoted(text)) is no instant")
        }
        return instant
    }

    private static func digest(_ text: String) throws(Fault) -> [UInt8] {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        guard let bytes = Hex.decode(digits.utf8), bytes.count == 32 else {
            throw Fault(text: "\(Printable.quoted(text)) is no SHA-256 in hexadecimal")
        }
        return bytes
    }

    private static func failure(_ name: String, _ line: Int, _ what: String) -> PerigeeError {
        PerigeeError(
            .invalidArgument, "\(Printable.quoted(name)), line \(line): \(what)",
            remedy: "each line has path, size, time or -, and SHA-256 or -, with tabs between them")
    }
}
