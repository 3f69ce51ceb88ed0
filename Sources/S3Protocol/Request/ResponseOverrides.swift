/// The fields of an answer that a signed request asks for by `response-*` parameters.
package struct ResponseOverrides: Hashable, Sendable {
    /// `Content-Type`.
    package let contentType: String?
    /// `Content-Language`.
    package let contentLanguage: String?
    /// `Expires`.
    package let expires: String?
    /// `Cache-Control`.
    package let cacheControl: String?
    /// `Content-Disposition`.
    package let contentDisposition: String?
    /// `Content-Encoding`.
    package let contentEncoding: String?

    /// Reads what a request asks for; an empty value asks for nothing.
    ///
    /// - Throws: `.invalidRequest` where an anonymous request asks for any, because its sender could
    ///   make our name say anything to anybody; `.invalidArgument` for a value that is no field's:
    ///   control characters, or what ISO 8859-1 does not have.
    package init(of request: S3Request, isAnonymous: Bool) throws(S3Failure) {
        contentType = try Self.value("response-content-type", of: request, isAnonymous)
        contentLanguage = try Self.value("response-content-language", of: request, isAnonymous)
        expires = try Self.value("response-expires", of: request, isAnonymous)
        cacheControl = try Self.value("response-cache-control", of: request, isAnonymous)
        contentDisposition = try Self.value(
            "response-content-disposition", of: request, isAnonymous)
        contentEncoding = try Self.value("response-content-encoding", of: request, isAnonymous)
    }

    /// The fields to set, by their names.
    package var fields: [S3Request.Field] {
        let named = [
            ("Content-Type", contentType), ("Content-Language", contentLanguage),
            ("Expires", expires), ("Cache-Control", cacheControl),
            ("Content-Disposition", contentDisposition), ("Content-Encoding", contentEncoding),
        ]
        return named.compactMap { name, value in value.map { S3Request.Field(name, $0) } }
    }

    private static func value(
        _ name: String, of request: S3Request, _ isAnonymous: Bool
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

    private static func refusal(_ message: String, _ name: String) -> S3Failure {
        S3Failure(.invalidArgument, message, details: [.init("ArgumentName", name)])
    }
}
