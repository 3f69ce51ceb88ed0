internal import CCurl
internal import Glibc
package import VolumeModel

/// An `http` or `https` URL, taken apart by the very parser that the transfers use, so that what is
/// judged is what is connected to.
package struct WebAddress: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    /// A name in lower case or an address; one of IPv6 without its brackets.
    package let host: String
    /// The port, 1 to 65,535; the scheme's own where the URL names none.
    package let port: Int
    /// Path and query as they are sent, percent-encoded, with the leading slash.
    package let target: String

    /// Reads a whole URL.
    ///
    /// - Throws: `.invalidArgument` for another scheme, for names and passwords in a URL, and for
    ///   what is no URL.
    package init(_ text: String) throws(PerigeeError) {
        guard let address = Self.parse([text]) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no web address",
                remedy: "write it as https://HOST/PATH, without a user's name or a password")
        }
        self = address
    }

    /// The same host with another target, which is sent as it is.
    package init(_ base: WebAddress, target: String) {
        scheme = base.scheme
        host = base.host
        port = base.port
        self.target = target
    }

    /// Puts an address together; nil where the host or the port can be none.
    package init?(scheme: String, host: String, port: Int? = nil, target: String = "/") {
        guard scheme == "http" || scheme == "https", Self.isHost(host),
            (1...65_535).contains(port ?? 443)
        else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port ?? Self.defaultPort(scheme)
        self.target = target
    }

    /// Where a `Location` field of an answer from here leads; nil for what is no web address.
    package func following(_ location: String) -> WebAddress? {
        Self.parse([url, location])
    }

    /// What is sent as `Host`: without the port where it is the scheme's own.
    package var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == Self.defaultPort(scheme) ? name : "\(name):\(port)"
    }

    /// The whole URL.
    package var url: String { "\(scheme)://\(authority)\(target)" }

    /// Whether the connection is encrypted.
    package var isEncrypted: Bool { scheme == "https" }

    /// Whether both lead to one server: scheme, host and port are the same.
    package func isSameServer(as other: WebAddress) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    package var description: String { url }

    private static func defaultPort(_ scheme: String) -> Int { scheme == "https" ? 443 : 80 }

    /// Names of letters, digits, `-`, `_` and dots, and addresses: whatever else a URL can have for a
    /// host (escapes, other alphabets) has two readings.
    private static func isHost(_ host: String) -> Bool {
        if host.isEmpty || host.utf8.count > 253 { return false }
        if host.utf8.contains(UInt8(ascii: ":")) { return NetworkAddress(host) != nil }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    /// Resolves each text against the ones before it.
    private static func parse(_ texts: [String]) -> WebAddress? {
        guard let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        for text in texts {
            // A zero byte would end the text for curl and not for us.
            guard text.utf8.count <= 16_384, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
                curl_url_set(
                    handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER | CURLU_PATH_AS_IS))
                    == CURLUE_OK
            else { return nil }
        }
        func part(_ which: CURLUPart, _ flags: Int32 = 0) -> String? {
            var pointer: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, which, &pointer, UInt32(flags)) == CURLUE_OK,
                let pointer
            else { return nil }
            defer { curl_free(pointer) }
            return String(cString: pointer)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(),
            var host = part(CURLUPART_HOST)?.lowercased(),
            let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) }),
            let path = part(CURLUPART_PATH)
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let query = part(CURLUPART_QUERY).map { "?\($0)" } ?? ""
        return WebAddress(scheme: scheme, host: host, port: port, target: path + query)
    }
}
