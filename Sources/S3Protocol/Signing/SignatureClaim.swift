/// What a request says of who sends it, read and well-formed but not yet believed.
package struct SignatureClaim: Sendable {
    /// Where the signature stands.
    package enum Kind: Hashable, Sendable {
        /// In the `Authorization` field, good for 15 minutes either way.
        case header
        /// In the query, good for so many seconds from its time on.
        case presigned(expires: Int)
    }

    /// Whose secret signed it, and what the signing key was made for.
    package let credential: Credential
    /// When it was signed: `x-amz-date`, or `Date` where there is none.
    package let time: SigningTime
    /// Where the signature stands, and how long it is good for.
    package let kind: Kind
    /// The names of the fields that it covers.
    package let signedHeaders: SignedHeaders
    /// The signature as it was sent, which should be 64 hexadecimal digits.
    package let signature: ArraySlice<UInt8>
    /// What it says of the body.
    package let payload: PayloadHash
    /// Whether a session token came along.
    package let hasSecurityToken: Bool

    /// The one algorithm that is understood.
    package static let algorithm = "AWS4-HMAC-SHA256"
    /// The longest that a presigned URL can be good for, in seconds: seven days.
    package static let longestExpiry = 604_800

    /// The id of the access key whose secret signed it.
    package var accessKeyID: String { credential.accessKeyID }
    /// What the signing key was made for.
    package var scope: CredentialScope { credential.scope }

    init(
        credential: Credential, time: SigningTime, kind: Kind, signedHeaders: SignedHeaders,
        signature: ArraySlice<UInt8>, payload: PayloadHash, hasSecurityToken: Bool
    ) {
        self.credential = credential
        self.time = time
        self.kind = kind
        self.signedHeaders = signedHeaders
        self.signature = signature
        self.payload = payload
        self.hasSecurityToken = hasSecurityToken
    }

    /// Reads a request's claim; nil for an anonymous request, which makes none.
    ///
    /// - Throws: S3's code for a claim that is malformed, made twice or in several ways, or in a way
    ///   other than Signature Version 4.
    package init?(of request: S3Request) throws(S3Failure) {
        let query = QueryAuthentication(request.target)
        let fields = SigningFields(request.header)
        if let authorization = fields.authorization {
            guard !fields.hasTwoAuthorizations, !query.isVersion2, !query.isVersion4 else {
                throw Self.onlyOneMechanism(details: [.init("ArgumentName", "Authorization")])
            }
            try self.init(authorization: authorization, fields: fields, query: query)
        } else if query.isVersion4 {
            guard !query.isVersion2 else { throw Self.onlyOneMechanism(details: []) }
            try self.init(query: query, fields: fields)
        } else if query.isVersion2 {
            throw Self.unsupportedMechanism
        } else {
            return nil
        }
    }

    /// What Signature Version 2 and other algorithms of AWS are refused with.
    static let unsupportedMechanism = S3Failure(
        .invalidRequest,
        "The authorization mechanism you have provided is not supported. Please use "
            + "\(algorithm).")

    private static func onlyOneMechanism(details: [S3Failure.Detail]) -> S3Failure {
        S3Failure(
            .invalidArgument,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
                + "query string parameter or the Authorization header should be specified",
            details: details)
    }

    /// Reads the list of signed fields.
    static func signedHeaders(
        _ list: ArraySlice<UInt8>, at place: SignaturePlace
    ) throws(S3Failure) -> SignedHeaders {
        guard let signed = SignedHeaders(list) else {
            throw place.failure(
                "SignedHeaders must be at most \(SignedHeaders.most) different names in lower case "
                    + "with ';' between them.")
        }
        return signed
    }
}
