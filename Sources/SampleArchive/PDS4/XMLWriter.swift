/// Writes indented XML 1.0; what is given as text is escaped.
struct XMLWriter {
    private(set) var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    private var depth = 0

    /// An element with children.
    mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
        _ children: (inout XMLWriter) -> Void
    ) {
        line("<\(name)\(Self.list(attributes))>")
        depth += 1
        children(&self)
        depth -= 1
        line("</\(name)>")
    }

    /// An element with text.
    mutating func element(
        _ name: String, _ content: String, _ attributes: KeyValuePairs<String, String> = [:]
    ) {
        line("<\(name)\(Self.list(attributes))>\(Self.escape(content))</\(name)>")
    }

    mutating func element(
        _ name: String, _ content: Int, _ attributes: KeyValuePairs<String, String> = [:]
    ) {
        element(name, "\(content)", attributes)
    }

    mutating func instruction(_ content: String) {
        line("<?\(content)?>")
    }

    private mutating func line(_ content: String) {
        text += String(repeating: "  ", count: depth) + content + "\n"
    }

    private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0.key)=\"\(escape($0.value))\"" }.joined()
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
