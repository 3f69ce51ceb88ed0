package import VolumeModel

/// Takes the values of one mapping by their keys, and notes what is wrong with them.
///
/// Each call notes its faults and gives nil; a reader goes on, so that all faults of a document are
/// told at once.
package struct FieldReader {
    /// What the mapping is, for messages: `a rule`.
    package let what: String
    /// Where it begins.
    package let place: FilePlace
    private let fields: [String: YAMLNode.Field]

    /// Takes a mapping; nil where the value is none. Keys that are not in `keys` are faults.
    package init?(_ node: YAMLNode, of what: String, keys: [String], _ faults: inout FileFaults) {
        guard case .mapping(let fields) = node.content else {
            faults.add(
                node.place, "\(what) is a mapping of keys to values, and this is \(node.kind)",
                remedy: "write KEY: VALUE lines: \(keys.joined(separator: ", "))")
            return nil
        }
        for field in fields where !keys.contains(field.key) {
            faults.add(
                field.place, "\(what) has no key \(Printable.quoted(field.key))",
                remedy: Self.nearest(field.key, keys).map { "it is written \($0)" }
                    ?? "its keys are \(keys.joined(separator: ", "))")
        }
        self.what = what
        place = node.place
        self.fields = Dictionary(fields.map { ($0.key, $0) }) { first, _ in first }
    }

    /// Whether the key is there.
    package func has(_ key: String) -> Bool { fields[key] != nil }

    /// Where the key stands; the mapping's start where it is not there.
    package func place(of key: String) -> FilePlace { fields[key]?.place ?? place }

    /// The value of a key; nil where the key is not there.
    package func node(_ key: String) -> YAMLNode? { fields[key]?.value }

    /// The value of a key that has to be there.
    package func required(_ key: String, _ faults: inout FileFaults) -> YAMLNode? {
        if let node = fields[key]?.value { return node }
        faults.add(place, "\(what) needs the key `\(key)`", remedy: "add a line \(key): ...")
        return nil
    }

    /// The text of a key.
    package func text(_ key: String, _ faults: inout FileFaults) -> Located<String>? {
        node(key)?.text(of: key, &faults)
    }

    /// One line of text for people, at most 1,024 bytes.
    package func line(_ key: String, _ faults: inout FileFaults) -> String? {
        value(key, &faults) { text throws(PerigeeError) in
            guard text.utf8.count <= 1_024, text.contains(where: { !$0.isWhitespace }),
                text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else {
                throw PerigeeError(
                    .invalidArgument,
                    "`\(key)` is blank, longer than 1,024 bytes or no single line",
                    remedy: "say it in one line, and the rest in the abstract")
            }
            return text
        }?.value
    }

    /// What `read` makes of the text of a key.
    package func value<Value>(
        _ key: String, _ faults: inout FileFaults,
        _ read: (String) throws(PerigeeError) -> Value
    ) -> Located<Value>? {
        node(key)?.value(of: key, &faults, read)
    }

    /// The same for a key that has to be there.
    package func requiredValue<Value>(
        _ key: String, _ faults: inout FileFaults,
        _ read: (String) throws(PerigeeError) -> Value
    ) -> Located<Value>? {
        required(key, &faults)?.value(of: key, &faults, read)
    }

    /// One of some words.
    package func choice<Value>(
        _ key: String, _ choices: [(String, Value)], _ faults: inout FileFaults
    ) -> Located<Value>? {
        value(key, &faults) { text throws(PerigeeError) in
            guard let choice = choices.first(where: { $0.0 == text }) else {
                throw PerigeeError(
                    .invalidArgument, "`\(key)` cannot be \(Printable.quoted(text))",
                    remedy: "it is \(Self.list(choices.map(\.0)))")
            }
            return choice.1
        }
    }

    /// The values of a key that holds one or a list of them; none where it is not there.
    package func items(_ key: String, _ faults: inout FileFaults) -> [YAMLNode] {
        guard let node = node(key) else { return [] }
        guard case .list(let items) = node.content else { return [node] }
        if items.isEmpty {
            faults.add(
                node.place, "the list of `\(key)` is empty",
                remedy: "put something into it, or leave the key out")
        }
        return items
    }

    /// The items of a key that holds a list; nil where it is not there.
    package func list(_ key: String, _ faults: inout FileFaults) -> [YAMLNode]? {
        guard let node = node(key) else { return nil }
        guard case .list(let items) = node.content else {
            faults.add(
                node.place, "`\(key)` is a list, and this is \(node.kind)",
                remedy: "write each item on a line of its own behind `- `, or [] for none")
            return nil
        }
        return items
    }

    /// `a, b or c`.
    package static func list(_ words: [String]) -> String {
        guard words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) or \(words[words.count - 1])"
    }

    /// The key that was meant, where one is a slip of one letter away.
    private static func nearest(_ word: String, _ keys: [String]) -> String? {
        keys.first { isNear(Array($0.utf8), Array(word.lowercased().utf8)) }
    }

    /// Whether a letter more, less, other or in its neighbour's place makes one word of the other.
    private static func isNear(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var start = 0
        while start < min(left.count, right.count), left[start] == right[start] { start += 1 }
        var end = 0
        while end < min(left.count, right.count) - start,
            left[left.count - 1 - end] == right[right.count - 1 - end]
        {
            end += 1
        }
        let (a, b) = (left[start..<(left.count - end)], right[start..<(right.count - end)])
        return max(a.count, b.count) <= 1 || (a.count == 2 && a.elementsEqual(b.reversed()))
    }
}

extension FileFaults {
    /// Adds what is wrong with a value.
    package mutating func add(_ place: FilePlace, _ error: PerigeeError) {
        add(place, error.message, remedy: error.remedy ?? "write it another way")
    }
}

extension YAMLNode {
    /// The text of a value that has to be text.
    package func text(of key: String, _ faults: inout FileFaults) -> Located<String>? {
        guard case .scalar(let text, let isPlain) = content else {
            faults.add(
                place, "`\(key)` is text, and this is \(kind)", remedy: "write one value behind it")
            return nil
        }
        if text.isEmpty {
            faults.add(
                place, "`\(key)` is empty", remedy: "write its value, or leave the key out")
            return nil
        }
        if isPlain, let kind = Self.plainKind(text) {
            faults.add(
                place, "`\(key)` is text, and \(text) without quotes is \(kind) in YAML",
                remedy: "write \"\(text)\"")
            return nil
        }
        if text.utf8.contains(0) {
            faults.add(place, "`\(key)` holds a NUL byte", remedy: "take the \\0 out")
            return nil
        }
        return Located(text, at: place)
    }

    /// What `read` makes of a value's text.
    package func value<Value>(
        of key: String, _ faults: inout FileFaults,
        _ read: (String) throws(PerigeeError) -> Value
    ) -> Located<Value>? {
        guard let text = text(of: key, &faults) else { return nil }
        do throws(PerigeeError) {
            return Located(try read(text.value), at: text.place)
        } catch {
            faults.add(text.place, error)
            return nil
        }
    }

    /// A whole number in `range`.
    package func number(
        of key: String, in range: ClosedRange<Int>, _ faults: inout FileFaults
    ) -> Int? {
        let isDecimal = { (text: String) in
            text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                && (text == "0" || !text.hasPrefix("0"))
        }
        if case .scalar(let text, isPlain: true) = content, isDecimal(text), let number = Int(text),
            range.contains(number)
        {
            return number
        }
        faults.add(
            place, "`\(key)` is a whole number, \(range.lowerBound) to \(range.upperBound)",
            remedy: "write it in digits, without quotes, as in \(key): 12")
        return nil
    }
}
