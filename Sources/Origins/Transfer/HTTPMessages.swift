/// One field of a header.
package struct HTTPField: Hashable, Sendable {
    /// Its name; case means nothing.
    package let name: String
    /// Its value, without spaces around it.
    package let value: String

    /// Puts a field together.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether it can be sent: a line's end in it would begin another field.
    var isWellFormed: Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3a }
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
}

/// What is asked of an origin: it is only ever read.
package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
}

/// One request, as it goes out.
package struct HTTPRequest: Sendable {
    /// GET or HEAD.
    package let method: HTTPMethod
    /// Where to.
    package let address: WebAddress
    /// The fields besides `Host`, `User-Agent`, `Accept` and `Accept-Encoding`.
    package var fields: [HTTPField]

    /// Puts a request together.
    package init(_ method: HTTPMethod, _ address: WebAddress, _ fields: [HTTPField] = []) {
        self.method = method
        self.address = address
        self.fields = fields
    }
}

/// The header of an answer.
package struct HTTPHead: Sendable {
    /// The status, 200 to 599.
    package let status: Int
    /// The fields in the order they came.
    package let fields: [HTTPField]

    /// Puts a header together.
    package init(status: Int, fields: [HTTPField]) {
        self.status = status
        self.fields = fields
    }

    /// The value of the field called `name` (in lower case); nil where it did not come, or came
    /// twice with two values, of which nobody can say which one holds.
    package subscript(name: String) -> String? {
        var found: String?
        for field in fields where field.name.lowercased() == name {
            if let found, found != field.value { return nil }
            found = field.value
        }
        return found
    }

    /// `Content-Length` in bytes; nil where it did not come or is no number.
    package var contentLength: Int64? { self["content-length"].flatMap(Self.number) }

    /// The number that decimal digits stand for, and nothing else around them.
    static func number(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}

/// What becomes of an answer's body.
package enum BodyPlan: Hashable, Sendable {
    /// Its first bytes are kept, and the rest is not waited for: for what tells of an error.
    case excerpt(Int)
    /// All of it is kept; one that is longer is an error.
    case whole(atMost: Int)
    /// `count` bytes go to the consumer after `skip` others. One that is shorter is an error; so is
    /// one that is longer, unless `isPrefix`, where the rest is not waited for.
    case deliver(skip: Int64, count: Int64, isPrefix: Bool)
}
