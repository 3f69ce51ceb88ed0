/// Which bucket and key a request is about.
package struct S3Address: Hashable, Sendable {
    /// The bucket's name; nil: the request is about all of them.
    package let bucket: String?
    /// The key; nil: the request is about the bucket.
    package let key: [UInt8]?

    /// The longest key in bytes.
    package static let longestKey = 1_024

    /// Reads the bucket from the host, where it is one of `domains` with a name before it, or else
    /// from the path.
    ///
    /// - Parameters:
    ///   - host: the `Host` field as it was sent.
    ///   - domains: names of this gateway in lower case, without ports.
    /// - Throws: `.keyTooLong`, `.invalidURI`.
    package init(
        _ target: RequestTarget, host: String?, domains: [String]
    ) throws(S3Failure) {
        guard target.path.first == Self.slash else { throw S3Failure(.invalidURI) }
        var rest = target.path.dropFirst()
        if let bucket = Self.bucket(inHost: host, domains) {
            self.bucket = bucket
        } else {
            let end = rest.firstIndex(of: Self.slash) ?? rest.endIndex
            let name = rest[..<end]
            guard !name.isEmpty else {
                guard rest.isEmpty else { throw S3Failure(.invalidBucketName) }
                (bucket, key) = (nil, nil)
                return
            }
            bucket = String(decoding: name, as: UTF8.self)
            rest = rest[end...].dropFirst()
        }
        guard rest.count <= Self.longestKey else {
            throw S3Failure(
                .keyTooLong,
                details: [
                    S3Failure.Detail("Size", String(rest.count)),
                    S3Failure.Detail("MaxSizeAllowed", String(Self.longestKey)),
                ])
        }
        key = rest.isEmpty ? nil : Array(rest)
    }

    private static let slash = UInt8(ascii: "/")

    /// Byte by byte, since this is asked of every request; hosts have no letters beyond ASCII.
    private static func bucket(inHost host: String?, _ domains: [String]) -> String? {
        guard var host else { return nil }
        return host.withUTF8 { host in
            var end = host.count
            if host.last != UInt8(ascii: "]"), let colon = host.lastIndex(of: UInt8(ascii: ":")) {
                end = colon
            }
            for domain in domains {
                let dot = end - domain.utf8.count - 1
                guard dot > 0, host[dot] == UInt8(ascii: "."),
                    zip(host[(dot + 1)..<end], domain.utf8).allSatisfy({ folded($0) == $1 })
                else { continue }
                return String(decoding: host[..<dot].map(folded), as: UTF8.self)
            }
            return nil
        }
    }

    private static func folded(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }
}
