extension SignatureClaim {
    /// Reads a claim from the `Authorization` field.
    init(
        authorization text: ArraySlice<UInt8>, fields: SigningFields, query: QueryAuthentication
    ) throws(S3Failure) {
        let parts = try AuthorizationParts(text)
        let credential = try Credential(parts.credential, at: .header)
        let signedHeaders = try Self.signedHeaders(parts.signedHeaders, at: .header)
        let (time, date) = try Self.time(of: fields)
        try credential.checkDay(date, at: .header)
        guard let hash = fields.contentHash else {
            throw S3Failure(
                .invalidRequest, "Missing required header for this request: x-amz-content-sha256")
        }
        self.init(
            credential: credential, time: time, kind: .header, signedHeaders: signedHeaders,
            signature: parts.signature,
            payload: try PayloadHash(hash),
            hasSecurityToken: query.hasSecurityToken || fields.hasSecurityToken)
    }

    /// When a request says it was signed, with the text that says so in the basic form.
    private static func time(
        of fields: SigningFields
    ) throws(S3Failure) -> (SigningTime, ArraySlice<UInt8>) {
        if let text = fields.signingDate ?? fields.date, let time = SigningTime(basic: text) {
            return (time, text)
        }
        if fields.signingDate == nil, let text = fields.date,
            let time = SigningTime(date: String(decoding: text, as: UTF8.self))
        {
            return (time, Array(time.text.utf8)[...])
        }
        throw S3Failure(
            .accessDenied, "AWS authentication requires a valid Date or x-amz-date header")
    }
}

/// The three parts of an `Authorization` field, in any order and with any spaces between them.
private struct AuthorizationParts {
    let credential: ArraySlice<UInt8>
    let signedHeaders: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) throws(S3Failure) {
        let end = bytes.firstIndex { $0 == 0x20 || $0 == 0x09 } ?? bytes.endIndex
        try Self.checkScheme(bytes[..<end])
        var credential: ArraySlice<UInt8>?
        var signedHeaders: ArraySlice<UInt8>?
        var signature: ArraySlice<UInt8>?
        for piece in bytes[end...].split(separator: UInt8(ascii: ",")) {
            let part = Self.trimmed(piece)
            if part.isEmpty { continue }
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")), equals + 1 < part.endIndex
            else { throw Self.missingComponents }
            let value = part[(equals + 1)...]
            let earlier: ArraySlice<UInt8>?
            switch part[..<equals] {
            case Self.credentialName:
                earlier = credential
                credential = value
            case Self.signedHeadersName:
                earlier = signedHeaders
                signedHeaders = value
            case Self.signatureName:
                earlier = signature
                signature = value
            default: throw Self.missingComponents
            }
            guard earlier == nil else { throw Self.missingComponents }
        }
        guard let credential, let signedHeaders, let signature else {
            throw Self.missingComponents
        }
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = signature
    }

    private static let credentialName = Array("Credential".utf8)[...]
    private static let signedHeadersName = Array("SignedHeaders".utf8)[...]
    private static let signatureName = Array("Signature".utf8)[...]

    private static var missingComponents: S3Failure {
        SignaturePlace.header.failure(
            "the authorization header requires three components: Credential, SignedHeaders, and "
                + "Signature.")
    }

    private static func checkScheme(_ scheme: ArraySlice<UInt8>) throws(S3Failure) {
        if scheme.elementsEqual(SignatureClaim.algorithm.utf8) { return }
        // Signature Version 2 is `AWS`, others of AWS begin with it.
        if scheme.starts(with: "AWS".utf8) { throw SignatureClaim.unsupportedMechanism }
        throw S3Failure(
            .invalidArgument,
            "Unsupported Authorization Type. Please use \(SignatureClaim.algorithm).",
            details: [
                .init("ArgumentName", "Authorization"),
                // The scheme alone: what follows it may be a token that opens another door.
                .init("ArgumentValue", String(decoding: scheme, as: UTF8.self)),
            ])
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard let last = text.lastIndex(where: { !isSpace($0) }) else { return [] }
        return text[...last].drop(while: isSpace)
    }
}
