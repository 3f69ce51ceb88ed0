/// A request as it came over the connection, without its body.
package struct S3Request: Sendable {
    /// A field of the header.
    package struct Field: Hashable, Sendable {
        /// Its name as it was sent; names are compared without case.
        package let name: String
        /// Its value without the spaces around it.
        package let value: String

        /// Puts a field together.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The method, such as `GET`.
    package let method: String
    /// The path and query, taken from the request line.
    package let target: RequestTarget
    /// The fields in the order in which they were sent.
    package let fields: [Field]

    /// Puts a request together.
    package init(method: String, target: RequestTarget, fields: [Field]) {
        self.method = method
        self.target = target
        self.fields = fields
    }

    /// The value of the first field called `name`, in lower case, or nil.
    package func field(_ name: String) -> String? {
        fields.first { Self.isSame($0.name, name.utf8) }?.value
    }

    /// The values of all fields called `name`, in lower case.
    package func values(of name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name.utf8) }.map(\.value)
    }

    /// Compares a name as it was sent with one in lower case.
    static func isSame(_ sent: String, _ lower: some Collection<UInt8>) -> Bool {
        sent.utf8.count == lower.count && hasPrefix(sent, lower)
    }

    /// Whether a name as it was sent begins with so much in lower case.
    static func hasPrefix(_ sent: String, _ lower: some Sequence<UInt8>) -> Bool {
        var bytes = sent.utf8.makeIterator()
        for expected in lower {
            guard let byte = bytes.next() else { return false }
            let folded = (65...90).contains(byte) ? byte | 0x20 : byte
            if folded != expected { return false }
        }
        return true
    }
}
