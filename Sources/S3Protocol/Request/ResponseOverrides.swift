/// The fields of an answer that a signed request asks for by `response-*` parameters.
package struct ResponseOverrides: Hashable, Sendable {
    /// The fields to set.
    package let fields: [S3Request.Field]

    /// Fields by their parameters.
    private static let names = [
        ("response-content-type" as StaticString, "Content-Type"),
        ("response-content-language", "Content-Language"), ("response-expires", "Expires"),
        ("response-cache-control", "Cache-Control"),
        ("response-content-disposition", "Content-Disposition"),
        ("response-content-encoding", "Content-Encoding"),
    ]

    /// Reads what a request asks for; an empty value asks for nothing.
    ///
    /// - Throws: `.invalidRequest` where an anonymous request asks for any, because its sender could
    ///   make our name say anything to anybody; `.invalidArgument` for a value that is no field's:
    ///   control characters, or what ISO 8859-1 does not have.
    package init(of request: S3Request, isAnonymous: Bool) throws(S3Failure) {
        var fields: [S3Request.Field] = []
        for (parameter, name) in Self.names {
            if let value = try Self.value(parameter, of: request, isAnonymous) {
                fields.append(S3Request.Field(name, value))
            }
        }
        self.fields = fields
    }

    private static func value(
        _ name: StaticString, of request: S3Request, _ isAnonymous: Bool
    ) throws(S3Failure) -> String? {
        guard let bytes = request.target.value(of: name) else { return nil }
        guard !isAnonymous else {
            throw S3Failure(
                .invalidRequest,
                "Request specific response headers cannot be used for anonymous GET requests.")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        for scalar in text.unicodeScalars {
            guard scalar.value <= 0xff else {
                throw refusal("Header value cannot be represented using ISO-8859-1.", name)
            }
            guard (0x20...0x7e).contains(scalar.value) || scalar.value >= 0xa0 else {
                throw refusal("Header value cannot hold control characters.", name)
            }
        }
        return text.isEmpty ? nil : text
    }

    private static func refusal(_ message: String, _ name: StaticString) -> S3Failure {
        S3Failure(.invalidArgument, message, details: [.init("ArgumentName", "\(name)")])
    }
}
