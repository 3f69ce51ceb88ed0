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
    /// The fields.
    package let header: RequestHeader

    /// Puts a request together.
    package init(method: String, target: RequestTarget, header: RequestHeader) {
        self.method = method
        self.target = target
        self.header = header
    }

    /// Puts a request together from fields that are text.
    package init(method: String, target: RequestTarget, fields: [Field]) {
        self.init(method: method, target: target, header: RequestHeader(fields))
    }

    /// The fields in the order in which they were sent, as text.
    package var fields: [Field] {
        header.fields.map { Field(header.text($0.name), header.text($0.value)) }
    }

    /// The value of the first field called `name`, in lower case, or nil.
    package func field(_ name: StaticString) -> String? {
        header.first(name).map { header.text($0.value) }
    }

    /// Whether there is a field called `name`, in lower case.
    package func has(_ name: StaticString) -> Bool { header.first(name) != nil }

    /// The values of all fields called `name`, in lower case.
    package func values(of name: StaticString) -> [String] {
        header.fields.filter { header.isNamed($0, name) }.map { header.text($0.value) }
    }
}
