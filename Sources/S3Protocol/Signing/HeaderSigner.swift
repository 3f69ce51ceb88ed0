package import VolumeModel

/// Signs requests in their header, as a client of S3 does.
///
/// Amazon S3 API reference, "Signature Calculations for the Authorization Header: Transferring
/// Payload in a Single Chunk".
package struct HeaderSigner: Sendable {
    /// The id of the access key.
    package let accessKeyID: String
    /// The region that the bucket lies in.
    package let region: String
    /// What goes with a key that is good only for a while; it is sent and never printed.
    private let sessionToken: String?

    /// Puts a signer together.
    ///
    /// - Parameter sessionToken: of temporary credentials, or nil.
    package init(accessKeyID: String, region: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.region = region
        self.sessionToken = sessionToken
    }

    /// What a key that signs on a day is made for: callers keep the key until this changes.
    package func scope(at time: Timestamp) -> CredentialScope {
        CredentialScope(date: SigningTime(time).date, region: region)
    }

    /// The fields to send besides those of the request, whose body is empty.
    ///
    /// Signed are `Host`, all that is added here, and of the request's own fields `Range` and those
    /// whose names begin with `x-amz-`: a proxy may change any other.
    ///
    /// - Parameters:
    ///   - request: with `host` among its fields.
    ///   - key: derived for `scope(at: time)`.
    package func fields(for request: S3Request, key: SigningKey, at time: Timestamp)
        -> [S3Request.Field]
    {
        let time = SigningTime(time)
        let scope = CredentialScope(date: time.date, region: region)
        var added = [
            S3Request.Field("x-amz-content-sha256", "\(PayloadHash.ofNothing)"),
            S3Request.Field("x-amz-date", time.text),
        ]
        if let sessionToken {
            added.append(S3Request.Field("x-amz-security-token", sessionToken))
        }
        let all = S3Request(
            method: request.method, target: request.target, fields: request.fields + added)
        let names = Set(all.fields.map { $0.name.lowercased() })
            .filter { $0 == "host" || $0 == "range" || $0.hasPrefix("x-amz-") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let list = Array(names.joined(separator: ";").utf8)
        guard let signed = SignedHeaders(list[...]) else { return added }
        let canonical = CanonicalRequest.bytes(
            of: all, signedHeaders: signed, payload: .ofNothingSigned)
        let signature = key.signature(
            of: StringToSign.bytes(time: time, scope: scope.text.utf8, canonical: canonical))
        added.append(
            S3Request.Field(
                "Authorization",
                "\(SignatureClaim.algorithm) Credential=\(accessKeyID)/\(scope.text),"
                    + "SignedHeaders=\(signed),Signature=\(Hex.encode(signature))"))
        return added
    }
}

extension HeaderSigner: CustomStringConvertible, CustomReflectable {
    package var description: String { "HeaderSigner(\(accessKeyID))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
