internal import S3Gateway
internal import VolumeModel

/// Where a listener waits for connections: `127.0.0.1:9000`, `[::1]:9000`, `localhost:0`.
struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without the brackets of IPv6.
    let host: String
    /// 0: one that is free.
    let port: Int

    /// Puts both together.
    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Throws: `.invalidArgument`.
    init(parsing text: String) throws(PerigeeError) {
        let refusal = PerigeeError(
            .invalidArgument, "\(Printable.quoted(text)) is no address to listen on",
            remedy: "write HOST:PORT, as in 127.0.0.1:9000, [::1]:9000, or 0.0.0.0:9000 for all")
        guard let colon = text.lastIndex(of: ":") else { throw refusal }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isWholeNumber }),
            let port = Int(digits), port <= 65_535
        else { throw refusal }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw refusal }
        } else if host.contains(where: { $0 == ":" || $0 == "[" || $0 == "]" }) {
            // Which of its colons would stand before the port?
            throw refusal
        }
        guard !host.isEmpty, host.utf8.count <= 253,
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw refusal }
        self.init(host: String(host), port: port)
    }

    /// Whether only this machine can connect.
    var isLoopback: Bool {
        host == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && host.utf8.allSatisfy { $0 < UInt8(ascii: ":") })
    }

    /// For a listener.
    var address: GatewayServer.Address { .host(host, port: port) }

    var description: String { address.description }
}
