/// A value of a YAML file with the place at which it stands.
package struct YAMLNode: Sendable {
    /// What a value can be.
    package enum Content: Sendable {
        /// Text; `isPlain` where it stands without quotes, so that YAML may take it for a number.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([Field])
    }

    /// A key with its value.
    package struct Field: Sendable {
        package var key: String
        package var place: FilePlace
        package var value: YAMLNode
    }

    /// What it is.
    package let content: Content
    /// Where it begins.
    package let place: FilePlace

    /// What it is, in words.
    package var kind: String {
        switch content {
        case .scalar("", isPlain: true): "nothing"
        case .scalar(let text, isPlain: true): Self.plainKind(text) ?? "text"
        case .scalar: "text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    /// Whether nothing stands there.
    package var isEmpty: Bool {
        if case .scalar("", isPlain: true) = content { true } else { false }
    }

    /// What YAML takes `text` for where it stands without quotes; nil: for text, or a date.
    package static func plainKind(_ text: String) -> String? {
        let words = ["true", "false", "yes", "no", "on", "off", "y", "n"]
        if words.contains(text.lowercased()) { return "yes or no" }
        if text == "~" || text.lowercased() == "null" { return "nothing" }
        return isNumber(text) ? "a number" : nil
    }

    /// Whether a YAML parser of either version takes `text` for a number: `12`, `010`, `0x1f`,
    /// `1_000`, `1e3`, `.5`, `12:30` (which is one to the base of 60), `.inf`.
    private static func isNumber(_ text: String) -> Bool {
        var rest = text.lowercased().utf8[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            rest = rest.dropFirst()
        }
        if [".inf", ".nan"].contains(String(Substring(rest))) { return true }
        for (prefix, digits) in [("0x", "0123456789abcdef_"), ("0b", "01_"), ("0o", "01234567_")]
        where rest.starts(with: prefix.utf8) {
            let body = rest.dropFirst(2)
            return !body.isEmpty && body.allSatisfy { digits.utf8.contains($0) }
        }
        guard let first = rest.first, isDigit(first) || first == UInt8(ascii: "."),
            rest.contains(where: isDigit)
        else { return false }
        let parts = rest.split(
            separator: UInt8(ascii: "e"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].allSatisfy({ isDigit($0) || "._:".utf8.contains($0) }),
            parts[0].count(where: { $0 == UInt8(ascii: ".") }) < 2
        else { return false }
        guard parts.count == 2 else { return true }
        let exponent = parts[1].drop { "+-".utf8.contains($0) }
        return !exponent.isEmpty && exponent.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
