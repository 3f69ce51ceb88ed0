internal import S3Protocol
internal import VolumeModel

/// Where a gateway is found, as a person writes it.
enum EndpointURL {
    /// Reads `http://host[:port]` or `https://host[:port]`.
    ///
    /// - Throws: `.invalidArgument`.
    static func parse(_ text: String) throws(PerigeeError) -> Presigner.Endpoint {
        let refusal = PerigeeError(
            .invalidArgument, "\(Printable.quoted(text)) is no endpoint",
            remedy: "write http://HOST:PORT or https://HOST:PORT, without a path, as in "
                + "http://127.0.0.1:9000 or https://s3.example.org")
        guard let scheme = ["https", "http"].first(where: { text.hasPrefix("\($0)://") }) else {
            throw refusal
        }
        var rest = text.dropFirst(scheme.count + 3)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        // It goes into files that other programs read, and into commands.
        guard rest.utf8.allSatisfy(isOfHost) else { throw refusal }
        let hasPort = rest.last != "]" && rest.lastIndex(of: ":") != nil
        // Without a port, any one makes it an address that can be read.
        guard let address = try? ListenAddress(parsing: hasPort ? String(rest) : "\(rest):1")
        else { throw refusal }
        return Presigner.Endpoint(
            scheme: scheme, host: address.host, port: hasPort ? address.port : nil)
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"):
            true
        default: ".-[]".utf8.contains(byte)
        }
    }
}
