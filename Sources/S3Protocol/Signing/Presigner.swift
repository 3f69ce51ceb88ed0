package import VolumeModel

/// Makes URLs that read one object for a while, with the rights that the access key has when they
/// are used.
package struct Presigner {
    /// Where a gateway listens, as its clients name it.
    package struct Endpoint: Hashable, Sendable {
        /// `http` or `https`.
        package let scheme: String
        /// A name or an address; one of IPv6 without its brackets.
        package let host: String
        /// The port, or nil for the scheme's own.
        package let port: Int?

        /// Puts an endpoint together.
        package init(scheme: String, host: String, port: Int? = nil) {
            self.scheme = scheme
            self.host = host
            self.port = port
        }

        /// What clients send as `Host`: without the port where it is the scheme's own.
        package var authority: String {
            let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
            guard let port, port != (scheme == "https" ? 443 : 80) else { return name }
            return "\(name):\(port)"
        }

        /// `http://127.0.0.1:9000`, without a slash at its end.
        package var url: String { "\(scheme)://\(authority)" }
    }

    /// Where the URLs lead to.
    package let endpoint: Endpoint
    /// The region that the gateway answers for.
    package let region: String
    /// The id of the access key that signs.
    package let accessKeyID: String

    /// Puts a presigner together.
    package init(endpoint: Endpoint, region: String, accessKeyID: String) {
        self.endpoint = endpoint
        self.region = region
        self.accessKeyID = accessKeyID
    }

    /// A URL that gets an object, in path style.
    ///
    /// - Parameters:
    ///   - key: the object's key, as bytes of UTF-8.
    ///   - secret: the access key's.
    ///   - time: from when on it is good; the second counts.
    ///   - expires: for how many seconds, 1 to 604,800.
    ///   - parameters: what else the query says, such as `response-content-type`.
    /// - Throws: `.invalidArgument` for any other number of seconds.
    package func url(
        bucket: String, key: [UInt8], secret: some Sequence<UInt8>, at time: Timestamp,
        expires: Int, parameters: [RequestTarget.Parameter] = []
    ) throws(PerigeeError) -> String {
        guard (1...SignatureClaim.longestExpiry).contains(expires) else {
            throw PerigeeError(
                .invalidArgument, "a presigned URL cannot be good for \(expires) seconds",
                remedy: "choose from one second to seven days")
        }
        let time = SigningTime(time)
        let scope = CredentialScope(date: time.date, region: region)
        let own = [
            ("X-Amz-Algorithm", SignatureClaim.algorithm),
            ("X-Amz-Credential", "\(accessKeyID)/\(scope.text)"), ("X-Amz-Date", time.text),
            ("X-Amz-Expires", String(expires)), ("X-Amz-SignedHeaders", "host"),
        ].map { RequestTarget.Parameter(name: Array($0.utf8), value: Array($1.utf8)) }
        let slash = UInt8(ascii: "/")
        let request = S3Request(
            method: "GET",
            target: RequestTarget(
                path: [slash] + Array(bucket.utf8) + [slash] + key, query: parameters + own),
            fields: [S3Request.Field("host", endpoint.authority)])
        let canonical = CanonicalRequest.bytes(
            of: request, signedHeaders: .host, payload: .unsigned)
        let signature = SigningKey(secret: secret, scope: scope).signature(
            of: StringToSign.bytes(time: time, scope: scope.text.utf8, canonical: canonical))
        var url = Array(endpoint.url.utf8)
        PercentEncoding.append(request.target.path, keepsSlashes: true, to: &url)
        url.append(UInt8(ascii: "?"))
        CanonicalRequest.appendQuery(of: request.target, to: &url)
        return String(decoding: url, as: UTF8.self) + "&X-Amz-Signature=" + Hex.encode(signature)
    }
}
