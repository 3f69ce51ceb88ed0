import Glibc
import Origins
import PerigeeTesting
import Testing
import VolumeModel

@Suite(
    "Certificates of origins",
    .enabled("needs nginx") { OriginServer.nginx.isThere(for: "CertificateTests") },
    .timeLimit(.minutes(2)))
struct CertificateTests {
    /// Starts an https server with a certificate for `archive.example`, and asks it.
    private func ask(host: String, trusts: Bool) async throws -> PerigeeError? {
        try await withTemporaryFolder { folder in
            let certificate = "\(folder)/certificate.pem"
            let key = "\(folder)/key.pem"
            try run([
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=archive.example",
                "-addext", "subjectAltName=DNS:archive.example", "-keyout", key, "-out",
                certificate,
            ])
            try DiskFile.makeFolder("\(folder)/data")
            let server = try OriginServer.webServer(
                of: "\(folder)/data", tls: (certificate, key), scratch: folder)
            let transport = OriginTransport(
                name: "test",
                transfers: try HTTPTransfers(
                    pinnedAddresses: ["\(host):\(server.port):127.0.0.1"]),
                gate: OutboundGate([.init(host, allowsLocal: true)]),
                certificates: trusts ? certificate : nil, limits: shortLimits)
            let origin = try S3Origin(
                endpoint: WebAddress("https://\(host):\(server.port)"), bucket: "bucket",
                transport: transport)
            return await asyncFailure { _ = try await origin.stat("f") }
        }
    }

    @Test func `a server is asked whose certificate is of a CA that was named`() async throws {
        #expect(try await ask(host: "archive.example", trusts: true)?.code == .notFound)
    }

    @Test func `a certificate of nobody known is refused`() async throws {
        let error = try await ask(host: "archive.example", trusts: false)
        #expect(error?.code == .originDenied)
        #expect(error?.message.contains("certificate") == true)
    }

    @Test func `a certificate for another host is refused`() async throws {
        let error = try await ask(host: "other.example", trusts: true)
        #expect(error?.code == .originDenied)
        #expect(error?.message.contains("certificate") == true)
    }

    private func run(_ words: [String]) throws {
        var arguments = words.map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        var process = pid_t()
        try #require(posix_spawn(&process, words[0], nil, nil, &arguments, environ) == 0)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        #expect(status == 0)
    }
}
