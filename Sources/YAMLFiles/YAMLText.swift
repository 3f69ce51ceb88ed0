internal import VolumeModel

/// The text of a YAML file, once it is known to be text that can be parsed at bounded cost.
///
/// The parser beneath builds whole trees and compares keys by hashing them, aliases included, so
/// what could make that grow without end is looked for in the bytes before.
struct YAMLText {
    /// The most keys in one file that may be lists or mappings: such keys nest, and comparing them
    /// costs their depth times their size.
    private static let mostComplexKeys = 64

    /// The file.
    let file: String
    /// What it is for.
    let purpose: YAMLPurpose
    /// The text, without a byte order mark.
    let string: String
    /// Its lines without their ends; at least one.
    private let lines: [[Unicode.Scalar]]

    /// - Throws: `FileFaults` for what is no UTF-8, holds control characters or tabs at the start
    ///   of a line, or holds aliases.
    init(_ source: YAMLSource) throws(FileFaults) {
        file = source.path
        purpose = source.purpose
        var bytes = source.bytes[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw Self.notUTF8(bytes, file)
        }
        self.string = string
        lines = Self.lines(string)
        try checkCharacters()
        try checkAliases()
        try checkComplexKeys()
    }

    /// The place at a line and column, moved into the file where the parser points behind its end.
    func place(line: Int, column: Int) -> FilePlace {
        let row = min(max(line, 1), lines.count)
        let length = lines[row - 1].count
        return FilePlace(
            file: file, line: row, column: row < line ? length + 1 : min(max(column, 1), length + 1)
        )
    }

    /// What stands at a line and column, or nil at a line's end.
    func scalar(line: Int, column: Int) -> Unicode.Scalar? {
        guard lines.indices.contains(line - 1), lines[line - 1].indices.contains(column - 1) else {
            return nil
        }
        return lines[line - 1][column - 1]
    }

    /// The next line behind `line` that has the text of `key` and a colon at `column` behind nothing
    /// but blanks.
    func nextLine(behind line: Int, column: Int, key: String) -> Int? {
        lines.indices.dropFirst(line).first { index in
            let text = lines[index]
            return text.prefix { $0 == " " }.count == column - 1
                && Self.isKey(text.dropFirst(column - 1), key)
        }.map { $0 + 1 }
    }

    private static func isKey(_ text: some Collection<Unicode.Scalar>, _ key: String) -> Bool {
        for form in [key, "\"\(key)\"", "'\(key)'"] where text.starts(with: form.unicodeScalars) {
            let rest = text.dropFirst(form.unicodeScalars.count).drop { $0 == " " }
            if rest.first == ":" { return true }
        }
        return false
    }

    /// Lines as an editor counts them: ended by LF or CR LF.
    private static func lines(_ string: String) -> [[Unicode.Scalar]] {
        var lines = string.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in Array(line.last == "\r" ? line.dropLast() : line) }
        if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

extension YAMLText {
    private static func notUTF8(_ bytes: ArraySlice<UInt8>, _ file: String) -> FileFaults {
        var (line, column) = (1, 1)
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        while case .valid(let scalar) = parser.parseScalar(from: &rest) {
            (line, column) = scalar.first == UInt8(ascii: "\n") ? (line + 1, 1) : (line, column + 1)
        }
        return FileFaults(
            FilePlace(file: file, line: line, column: column), "the file is not UTF-8",
            remedy: "save it as UTF-8 text")
    }

    private func checkCharacters() throws(FileFaults) {
        for (index, line) in lines.enumerated() {
            var isIndentation = true
            for (column, scalar) in line.enumerated() {
                if isIndentation, scalar == "\t" {
                    throw fault(
                        index, column, "a tab stands where the line is indented",
                        remedy: "indent with blanks")
                }
                if scalar != " " { isIndentation = false }
                if !Self.isText(scalar) {
                    throw fault(
                        index, column,
                        "there is a control character, U+\(Self.hex(scalar)), in the file",
                        remedy: "\(purpose.words) is plain text: write it without")
                }
            }
        }
    }

    /// Everything that YAML lets stand in a file, but for line ends that editors do not count.
    private static func isText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x20...0x7e, 0xa0...0x2027, 0x202a...0xd7ff, 0xe000...0xfefe, 0xff00...0xfffd,
            0x1_0000...:
            true
        default: false
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Refuses `*name` where the file has `&name` as well, wherever both stand: no alias of YAML can
    /// lack its anchor.
    private func checkAliases() throws(FileFaults) {
        let anchors = Set(names(behind: "&").map(\.name))
        guard !anchors.isEmpty else { return }
        for alias in names(behind: "*") where anchors.contains(alias.name) {
            throw fault(
                alias.line, alias.column, "the alias *\(alias.name) stands for another value",
                remedy: noExpansion)
        }
    }

    private func names(
        behind mark: Unicode.Scalar
    ) -> [(name: String, line: Int, column: Int)] {
        var found: [(name: String, line: Int, column: Int)] = []
        for (index, line) in lines.enumerated() {
            for (column, scalar) in line.enumerated() where scalar == mark {
                var name = ""
                name.unicodeScalars.append(
                    contentsOf: line[(column + 1)...].prefix { Self.isInName($0) })
                if !name.isEmpty { found.append((name, index, column)) }
            }
        }
        return found
    }

    /// What an anchor's name is made of.
    private static func isInName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }

    /// A key that is itself a list or mapping has a `?` before it, unless it is short.
    private func checkComplexKeys() throws(FileFaults) {
        var count = 0
        for (index, line) in lines.enumerated() {
            for (column, scalar) in line.enumerated() where scalar == "?" {
                let next = self.scalar(line: index + 1, column: column + 2)
                guard next.map({ " \t[{&!".unicodeScalars.contains($0) }) ?? true else { continue }
                count += 1
                guard count <= Self.mostComplexKeys else {
                    throw fault(
                        index, column,
                        "there are more than \(Self.mostComplexKeys) keys behind `?`",
                        remedy: "keys are plain words: write them without `?`")
                }
            }
        }
    }

    private func fault(
        _ line: Int, _ column: Int, _ message: String, remedy: String
    ) -> FileFaults {
        FileFaults(
            FilePlace(file: file, line: line + 1, column: column + 1), message, remedy: remedy)
    }
}
