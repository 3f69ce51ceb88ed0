internal import VolumeModel

/// A table in a text file: a header, then a row a line, with a tab between columns. Empty lines and
/// lines that begin with `#` mean nothing; an empty field and `-` are one that says nothing.
struct TabTable {
    /// A row: its line in the file, and a field for each column.
    struct Row {
        let line: Int
        fileprivate let fields: [ArraySlice<UInt8>]
        fileprivate let table: TabTable
    }

    private let name: String
    private let columns: [String]
    private let lines: [(number: Int, bytes: ArraySlice<UInt8>)]

    /// Reads the header.
    ///
    /// - Parameters:
    ///   - required: the columns that the table has, in their order.
    ///   - optional: those that it may have behind them, in any order.
    /// - Throws: `.invalidArgument` where the header is another.
    init(
        _ bytes: [UInt8], named name: String, required: [String], optional: [String] = []
    ) throws(PerigeeError) {
        self.name = name
        // What editors on other systems put before the first line.
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        var lines: [(Int, ArraySlice<UInt8>)] = []
        let content = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
        var number = 0
        for line in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if !line.isEmpty, line.first != UInt8(ascii: "#") { lines.append((number, line)) }
        }
        let header = lines.isEmpty ? nil : lines.removeFirst()
        columns = header.map { Self.split($0.1).map { String(decoding: $0, as: UTF8.self) } } ?? []
        self.lines = lines
        let more = columns.dropFirst(required.count)
        guard columns.starts(with: required), Set(more).count == more.count,
            more.allSatisfy(optional.contains)
        else {
            let wanted = required.joined(separator: " ") + optional.map { " [\($0)]" }.joined()
            throw fault(
                header?.0 ?? 1, "the header is not \(wanted)",
                remedy: "the first line names the columns, with a tab between them")
        }
    }

    /// Calls `body` for each row.
    ///
    /// - Throws: `.invalidArgument` for a row with fewer or more fields than there are columns, and
    ///   what `body` throws, with the file and line before it where that is about the caller's words.
    func eachRow(_ body: (Row) throws(PerigeeError) -> Void) throws(PerigeeError) {
        for (number, bytes) in lines {
            let fields = Self.split(bytes)
            guard fields.count == columns.count else {
                throw fault(
                    number,
                    "\(fields.count) \(fields.count == 1 ? "field" : "fields"), where the header "
                        + "names \(columns.count)",
                    remedy: "put a tab between fields, and `-` for one that says nothing")
            }
            do throws(PerigeeError) {
                try body(Row(line: number, fields: fields, table: self))
            } catch  where error.code == .invalidArgument {
                throw fault(number, error.message, remedy: error.remedy)
            }
        }
    }

    private func fault(_ line: Int, _ message: String, remedy: String?) -> PerigeeError {
        PerigeeError(
            .invalidArgument, "\(Printable.escaped(Array(name.utf8))):\(line): \(message)",
            remedy: remedy)
    }

    private static func split(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    }

    fileprivate func index(of column: String) -> Int? { columns.firstIndex(of: column) }
}

extension TabTable.Row {
    /// The field of a column, nil where it says nothing or there is no such column.
    ///
    /// - Throws: `.invalidArgument` for what is no UTF-8.
    subscript(_ column: String) -> String? {
        get throws(PerigeeError) {
            guard let index = table.index(of: column) else { return nil }
            let field = fields[index]
            if field.isEmpty || field.elementsEqual([UInt8(ascii: "-")]) { return nil }
            guard let text = String(validating: field, as: UTF8.self) else {
                throw PerigeeError(
                    .invalidArgument, "the \(column) \(Printable.quoted(field)) is not UTF-8")
            }
            return text
        }
    }

    /// The instant in a column, nil where it says nothing.
    ///
    /// - Throws: `.invalidArgument` for what is no instant.
    func instant(_ column: String) throws(PerigeeError) -> Timestamp? {
        guard let text = try self[column] else { return nil }
        do throws(PerigeeError) { return try Timestamp(parsing: text) } catch {
            throw PerigeeError(
                .invalidArgument, "the \(column): \(error.message)", remedy: error.remedy)
        }
    }

    /// The attribute value in a column, nil where it says nothing.
    ///
    /// - Throws: `.invalidArgument` for more than 256 bytes, and for control characters.
    func value(_ column: String) throws(PerigeeError) -> String? {
        guard let text = try self[column] else { return nil }
        guard text.utf8.count <= 256,
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw PerigeeError(
                .invalidArgument,
                "the \(column) \(Printable.quoted(text)) is longer than 256 bytes or has control "
                    + "characters")
        }
        return text
    }
}
