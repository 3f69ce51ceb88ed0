import Glibc
import Origins
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("Whom an origin may ask", .timeLimit(.minutes(2)))
struct OutboundGateTests {
    @Test(arguments: [
        ("8.8.8.8", NetworkAddress.Reach.global), ("2001:4860:4860::8888", .global),
        ("127.0.0.1", .local), ("127.9.9.9", .local), ("10.0.0.1", .local), ("::1", .local),
        ("172.16.0.1", .local), ("172.31.255.255", .local), ("172.32.0.1", .global),
        ("192.168.1.1", .local), ("100.64.0.1", .local), ("fd12::1", .local), ("fec0::1", .local),
        ("169.254.169.254", .never), ("169.254.0.1", .never), ("fd00:ec2::254", .never),
        ("100.100.100.200", .never), ("fe80::1", .never), ("0.0.0.0", .never), ("::", .never),
        ("224.0.0.1", .never), ("255.255.255.255", .never), ("ff02::1", .never),
        // IPv4 in the clothes of IPv6: mapped, compatible, NAT64, 6to4.
        ("::ffff:127.0.0.1", .local), ("::ffff:169.254.169.254", .never), ("::10.0.0.1", .local),
        ("64:ff9b::a9fe:a9fe", .never), ("2002:7f00:1::", .local), ("::ffff:8.8.8.8", .global),
        ("2001:0:1::1", .never), ("2001:db8::1", .never), ("4000::1", .never),
    ])
    func `an address is of the network that it leads to`(
        text: String, reach: NetworkAddress.Reach
    ) throws {
        #expect(try #require(NetworkAddress(text)).reach == reach)
    }

    @Test(arguments: ["", "localhost", "127.1", "1.2.3.4.5", "::g", "1.2.3.4 ", "[::1]"])
    func `what is no address is none`(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test(arguments: [
        ("https://A.Example/x?y", "https://a.example/x?y"), ("http://h:80/", "http://h/"),
        ("https://h:8443", "https://h:8443/"), ("https://[::1]:9/a/../b", "https://[::1]:9/a/../b"),
        // What connects reads these as the address that they are.
        ("http://0x7f.1/", "http://127.0.0.1/"), ("http://2130706433/", "http://127.0.0.1/"),
    ])
    func `a web address is read`(text: String, url: String) throws {
        #expect(try WebAddress(text).url == url)
    }

    @Test(arguments: [
        "", "/x", "ftp://h/", "file:///etc/passwd", "https://user:secret@h/", "https://h@x/",
        "https://h/ x", "https://h/\u{0}", "https://h:0/", "https://h:99999/",
        "https://ä.example/", "gopher://h/",
    ])
    func `what is no web address is refused`(text: String) {
        #expect(failure { _ = try WebAddress(text) }?.code == .invalidArgument)
    }

    @Test(arguments: [
        ("/b", "https://h/b"), ("c?d", "https://h/x/c?d"), ("//other/e", "https://other/e"),
        ("http://other:1/", "http://other:1/"),
    ])
    func `a redirect leads on from where it was met`(location: String, url: String) throws {
        #expect(try WebAddress("https://h/x/y?z").following(location)?.url == url)
    }

    @Test func `a redirect to another scheme leads nowhere`() throws {
        let base = try WebAddress("https://h/")
        for location in ["file:///etc/passwd", "gopher://h/", "https://u:p@h/", "javascript:x"] {
            #expect(base.following(location) == nil)
        }
    }

    /// A server that answers everything with 404, and counts.
    private func withServer(_ body: (FaultProxy) async throws -> Void) async throws {
        try await withFaultProxy(before: 1) { proxy in
            proxy.always(.status(404, fields: []))
            try await body(proxy)
        }
    }

    /// What asking a bucket at `url` leads to.
    private func ask(
        _ url: String, hosts: [OutboundGate.Host], transfers: HTTPTransfers,
        signer: (any RequestSigner)? = nil
    ) async throws -> PerigeeError? {
        let transport = OriginTransport(
            name: "test", transfers: transfers, gate: OutboundGate(hosts), signer: signer)
        let origin = try S3Origin(
            endpoint: WebAddress(url), bucket: "bucket", transport: transport)
        return await asyncFailure { _ = try await origin.stat("f") }
    }

    @Test func `clear text and loopback are refused unless they are allowed`() async throws {
        try await withServer { server in
            let transfers = try HTTPTransfers()
            func code(_ host: OutboundGate.Host?) async throws -> PerigeeError.Code? {
                try await ask(
                    server.url, hosts: host.map { [$0] } ?? [], transfers: transfers)?.code
            }
            let name = "127.0.0.1"
            #expect(try await code(nil) == .originDenied)
            #expect(try await code(.init(name)) == .originDenied)
            #expect(try await code(.init(name, allowsClearText: true)) == .originDenied)
            #expect(try await code(.init(name, allowsLocal: true)) == .originDenied)
            #expect(server.requests.isEmpty)
            let allowed = OutboundGate.Host(name, allowsClearText: true, allowsLocal: true)
            #expect(try await code(allowed) == .notFound)
            #expect(server.requests.count == 1)
            // Nor over the connection that is open now.
            #expect(try await code(.init(name, allowsClearText: true)) == .originDenied)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "10.255.0.1"])
    func `a name that leads to an address of ours leads nowhere`(address: String) async throws {
        try await withServer { server in
            // As a name service answers that has changed its mind.
            let transfers = try HTTPTransfers(
                pinnedAddresses: ["archive.example:\(server.port):\(address)"])
            let error = try await ask(
                "http://archive.example:\(server.port)",
                hosts: [.init("archive.example", allowsClearText: true)], transfers: transfers)
            #expect(error?.code == .originDenied)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `metadata services are never asked, whatever is allowed`() async throws {
        let transfers = try HTTPTransfers()
        for host in ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"] {
            let url = host.contains(":") ? "http://[\(host)]" : "http://\(host)"
            let error = try await ask(
                url, hosts: [.init(host, allowsClearText: true, allowsLocal: true)],
                transfers: transfers)
            #expect(error?.code == .originDenied, "\(host)")
        }
    }

    private struct FakeSigner: RequestSigner {
        func fields(for request: SignableRequest, at time: Timestamp) throws(PerigeeError)
            -> [HTTPField]
        {
            [HTTPField("Authorization", "secret")]
        }

        var generation: UInt64 { 0 }
        func renew(after generation: UInt64) async throws(PerigeeError) -> Bool { false }
    }

    @Test func `a redirect is followed within limits, and takes no credentials along`()
        async throws
    {
        try await withServer { server in
            try await withServer { other in
                let allowed = OutboundGate.Host(
                    "127.0.0.1", allowsClearText: true, allowsLocal: true)
                let transfers = try HTTPTransfers()
                func ask(_ location: String) async throws -> PerigeeError? {
                    server.next(.status(307, fields: ["Location: \(location)"]))
                    return try await self.ask(
                        server.url, hosts: [allowed], transfers: transfers, signer: FakeSigner())
                }
                #expect(try await ask("/elsewhere")?.code == .notFound)
                #expect(server.requests.map { $0.field("authorization") } == ["secret", "secret"])
                #expect(server.requests.last?.line == "HEAD /elsewhere HTTP/1.1")
                #expect(try await ask("\(other.url)/x")?.code == .notFound)
                #expect(other.requests.count == 1)
                #expect(other.requests.first?.field("authorization") == nil)
                // A name that is not allowed, though it leads to the same server.
                #expect(
                    try await ask("http://localhost:\(other.port)/")?.code == .originDenied)
                #expect(try await ask("http://169.254.169.254/x")?.code == .originDenied)
                #expect(try await ask("file:///etc/passwd")?.code == .originUnavailable)
                #expect(other.requests.count == 1)
            }
        }
    }

    @Test func `a redirect loop ends`() async throws {
        try await withServer { server in
            server.always(.status(302, fields: ["Location: /again"]))
            let error = try await ask(
                server.url,
                hosts: [.init("127.0.0.1", allowsClearText: true, allowsLocal: true)],
                transfers: HTTPTransfers())
            #expect(error?.code == .originUnavailable)
            #expect(server.requests.count == 6)
        }
    }
}
