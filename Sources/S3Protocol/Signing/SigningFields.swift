/// The fields of a header that tell who sends it, found in one pass.
///
/// A field that came twice has both values with a comma between them, as HTTP joins fields, and none
/// of these is well-formed then.
struct SigningFields {
    /// `Authorization`, nil where it is empty too.
    private(set) var authorization: String?
    /// Whether `Authorization` came more than once.
    private(set) var hasTwoAuthorizations = false
    /// `x-amz-date`.
    private(set) var signingDate: String?
    /// `Date`.
    private(set) var date: String?
    /// `x-amz-content-sha256`.
    private(set) var contentHash: String?
    /// Whether `x-amz-security-token` came.
    private(set) var hasSecurityToken = false

    init(_ fields: [S3Request.Field]) {
        for field in fields {
            switch field.name.utf8.count {
            case 4 where S3Request.isSame(field.name, "date".utf8):
                date = Self.joined(date, field.value)
            case 10 where S3Request.isSame(field.name, "x-amz-date".utf8):
                signingDate = Self.joined(signingDate, field.value)
            case 13 where S3Request.isSame(field.name, "authorization".utf8):
                if field.value.isEmpty { continue }
                hasTwoAuthorizations = hasTwoAuthorizations || authorization != nil
                authorization = field.value
            case 20 where S3Request.isSame(field.name, "x-amz-content-sha256".utf8):
                contentHash = Self.joined(contentHash, field.value)
            case 20 where S3Request.isSame(field.name, "x-amz-security-token".utf8):
                hasSecurityToken = true
            default: continue
            }
        }
    }

    private static func joined(_ earlier: String?, _ value: String) -> String {
        earlier.map { "\($0),\(value)" } ?? value
    }
}
