import PerigeeTesting

extension HTTPTalk {
    /// Connects to a port of this machine.
    convenience init(port: Int, seconds: Int = 20) throws {
        try self.init(to: "127.0.0.1:\(port)", seconds: seconds)
    }

    /// Sends a request without a body and reads its answer.
    func request(
        _ method: String, _ target: String, _ fields: [(String, String)] = []
    ) throws -> HTTPAnswer {
        send(Self.text(method, target, fields))
        return try answer(isHead: method == "HEAD")
    }

    static func text(_ method: String, _ target: String, _ fields: [(String, String)]) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.0.lowercased() == "host" }) {
            text += "Host: 127.0.0.1\r\n"
        }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        return text + "\r\n"
    }
}

/// What stands in documents of S3, which have no attributes that matter.
struct Document {
    let text: String

    /// The texts of all elements called `name`, unescaped.
    func elements(_ name: String) -> [String] {
        text.split(separator: "<\(name)>", omittingEmptySubsequences: false).dropFirst().map {
            rest in
            let end = rest.firstRange(of: "</\(name)>")?.lowerBound ?? rest.endIndex
            return Self.unescaped(String(rest[..<end]))
        }
    }

    private static func unescaped(_ text: String) -> String {
        [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#9;", "\t"), ("&#10;", "\n"),
            ("&#13;", "\r"), ("&amp;", "&"),
        ].reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}

extension HTTPAnswer {
    /// The text of the first element called `name`.
    func element(_ name: String) -> String? { elements(name).first }

    /// The texts of all elements called `name`.
    func elements(_ name: String) -> [String] { Document(text: text).elements(name) }
}
