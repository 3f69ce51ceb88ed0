/// The fields of a header that tell who sends it, found in one pass.
///
/// A field that came twice has both values with a comma between them, as HTTP joins fields, and none
/// of these is well-formed then.
struct SigningFields {
    /// `Authorization`, nil where it is empty too.
    private(set) var authorization: ArraySlice<UInt8>?
    /// Whether `Authorization` came more than once.
    private(set) var hasTwoAuthorizations = false
    /// `x-amz-date`.
    private(set) var signingDate: ArraySlice<UInt8>?
    /// `Date`.
    private(set) var date: ArraySlice<UInt8>?
    /// `x-amz-content-sha256`.
    private(set) var contentHash: ArraySlice<UInt8>?
    /// Whether `x-amz-security-token` came.
    private(set) var hasSecurityToken = false

    init(_ header: RequestHeader) {
        for field in header.fields {
            let value = header.bytes[field.value]
            switch field.name.count {
            case 4 where header.isNamed(field, "date"): Self.join(value, to: &date)
            case 10 where header.isNamed(field, "x-amz-date"): Self.join(value, to: &signingDate)
            case 13 where header.isNamed(field, "authorization"):
                if value.isEmpty { continue }
                hasTwoAuthorizations = hasTwoAuthorizations || authorization != nil
                authorization = value
            case 20 where header.isNamed(field, "x-amz-content-sha256"):
                Self.join(value, to: &contentHash)
            case 20 where header.isNamed(field, "x-amz-security-token"): hasSecurityToken = true
            default: continue
            }
        }
    }

    private static func join(_ value: ArraySlice<UInt8>, to earlier: inout ArraySlice<UInt8>?) {
        earlier = earlier.map { $0 + [UInt8(ascii: ",")] + value } ?? value
    }
}
