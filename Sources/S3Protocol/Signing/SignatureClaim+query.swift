/// The parameters of a query that tell who sends it.
struct QueryAuthentication {
    /// The names that are looked for, in the order of `found`.
    private enum Name: Int, CaseIterable {
        case algorithm, credential, date, expires, signedHeaders, signature
        case securityToken, contentHash
        case version2Key, version2Signature
    }

    private static let names: [StaticString] = [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256",
        "AWSAccessKeyId", "Signature",
    ]

    private let bytes: [UInt8]
    /// Where the values stand among the bytes.
    private var found: [Range<Int>?] = []
    /// Whether one of the names came twice.
    private(set) var hasDuplicate = false

    init(_ target: RequestTarget) {
        bytes = target.bytes
        if target.places.isEmpty { return }
        let names = Self.names
        for place in target.places {
            let index = names.firstIndex { name in
                name.utf8CodeUnitCount == place.name.count && target.isEqual(place.name, name)
            }
            guard let index else { continue }
            if found.isEmpty { found = Array(repeating: nil, count: names.count) }
            if found[index] != nil { hasDuplicate = true }
            found[index] = place.value
        }
    }

    private func value(_ name: Name) -> ArraySlice<UInt8>? {
        found.isEmpty ? nil : found[name.rawValue].map { bytes[$0] }
    }

    /// Whether there is anything of a presigned URL.
    var isVersion4: Bool {
        !found.isEmpty
            && found[Name.algorithm.rawValue...Name.signature.rawValue].contains { $0 != nil }
    }
    /// Whether there is anything of Signature Version 2.
    var isVersion2: Bool { value(.version2Key) != nil || value(.version2Signature) != nil }
    /// Whether there is a session token.
    var hasSecurityToken: Bool { value(.securityToken) != nil }
    /// `X-Amz-Content-Sha256`, which some signers put here.
    var contentHash: ArraySlice<UInt8>? { value(.contentHash) }

    /// The parameters that a presigned URL must have.
    struct Required {
        let credential: ArraySlice<UInt8>
        let date: ArraySlice<UInt8>
        let expires: ArraySlice<UInt8>
        let signedHeaders: ArraySlice<UInt8>
        let signature: ArraySlice<UInt8>
    }

    /// - Throws: `.authorizationQueryParametersError` where one is missing or came twice, or for
    ///   another algorithm.
    func required() throws(S3Failure) -> Required {
        guard let algorithm = value(.algorithm), let credential = value(.credential),
            let date = value(.date), let expires = value(.expires),
            let signedHeaders = value(.signedHeaders), let signature = value(.signature)
        else {
            throw SignaturePlace.query.failure(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                    + "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                    + "X-Amz-Expires parameters.")
        }
        guard !hasDuplicate else {
            throw SignaturePlace.query.failure(
                "Each of the query parameters of authentication must be given once.")
        }
        guard algorithm.elementsEqual(SignatureClaim.algorithm.utf8) else {
            throw SignaturePlace.query.failure(
                "X-Amz-Algorithm only supports \"\(SignatureClaim.algorithm)\"")
        }
        return Required(
            credential: credential, date: date, expires: expires, signedHeaders: signedHeaders,
            signature: signature)
    }
}

extension SignatureClaim {
    /// Reads a claim from a presigned URL.
    init(query: QueryAuthentication, fields: SigningFields) throws(S3Failure) {
        let required = try query.required()
        let credential = try Credential(required.credential, at: .query)
        guard let time = SigningTime(basic: required.date) else {
            throw SignaturePlace.query.failure(
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        try credential.checkDay(required.date, at: .query)
        let expires = try Self.expiry(required.expires)
        let signedHeaders = try Self.signedHeaders(required.signedHeaders, at: .query)
        self.init(
            credential: credential, time: time, kind: .presigned(expires: expires),
            signedHeaders: signedHeaders,
            signature: required.signature,
            payload: try Self.payload(fields: fields, query: query),
            hasSecurityToken: query.hasSecurityToken || fields.hasSecurityToken)
    }

    /// A presigned URL covers no body unless it says so.
    private static func payload(
        fields: SigningFields, query: QueryAuthentication
    ) throws(S3Failure) -> PayloadHash {
        if let hash = fields.contentHash { return try PayloadHash(hash) }
        guard let hash = query.contentHash else { return .unsigned }
        return try PayloadHash(hash)
    }

    /// Seconds that a presigned URL is good for.
    private static func expiry(_ text: ArraySlice<UInt8>) throws(S3Failure) -> Int {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw SignaturePlace.query.failure("X-Amz-Expires should be a number")
        }
        guard digits.count == text.count else {
            throw SignaturePlace.query.failure("X-Amz-Expires must be non-negative")
        }
        // A number too long for 64 bits is longer than a week.
        let seconds = Int(String(decoding: digits, as: UTF8.self)) ?? Int.max
        guard seconds <= longestExpiry else {
            throw SignaturePlace.query.failure(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given "
                    + "X-Amz-Expires must be less than \(longestExpiry) seconds")
        }
        guard seconds > 0 else {
            throw SignaturePlace.query.failure("X-Amz-Expires must be at least 1")
        }
        return seconds
    }
}
