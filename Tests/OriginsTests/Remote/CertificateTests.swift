import Glibc
import Origins
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite(
    "Certificates of origins",
    .enabled("needs nginx") { OriginServer.nginx.isThere(for: "CertificateTests") },
    .timeLimit(.minutes(2)))
struct CertificateTests {
    /// Counts the tries: each is signed.
    private final class CountingSigner: RequestSigner {
        let tries = Atomic(0)

        var generation: UInt64 { 0 }

        func fields(for request: SignableRequest, at time: Timestamp) -> [HTTPField] {
            tries.add(1, ordering: .relaxed)
            return []
        }

        func renew(after generation: UInt64) -> Bool { false }
    }

    /// Starts an https server with a certificate for `archive.example`, and asks it once.
    private func ask(host: String, trusts: Bool, isOver: Bool = false) async throws -> PerigeeError?
    {
        try await withTemporaryFolder { folder in
            let certificate = "\(folder)/certificate.pem"
            let key = "\(folder)/key.pem"
            try run([
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=archive.example",
                "-addext", "subjectAltName=DNS:archive.example", "-keyout", key, "-out",
                certificate,
            ])
            if isOver {
                try run([
                    "/usr/bin/openssl", "x509", "-in", certificate, "-signkey", key, "-days", "-1",
                    "-out", "\(folder)/over.pem",
                ])
                try DiskFile.write(certificate, try DiskFile.read("\(folder)/over.pem"))
            }
            try DiskFile.makeFolder("\(folder)/data")
            let server = try OriginServer.webServer(
                of: "\(folder)/data", tls: (certificate, key), scratch: folder)
            let signer = CountingSigner()
            let transport = OriginTransport(
                name: "test",
                transfers: try HTTPTransfers(
                    pinnedAddresses: ["\(host):\(server.port):127.0.0.1"]),
                gate: OutboundGate([.init(host, allowsLocal: true)]), signer: signer,
                certificates: trusts ? certificate : nil, limits: shortLimits)
            let origin = try S3Origin(
                endpoint: WebAddress("https://\(host):\(server.port)"), bucket: "bucket",
                transport: transport)
            let error = await asyncFailure { _ = try await origin.stat("f") }
            #expect(signer.tries.load(ordering: .relaxed) == 1)
            return error
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

    @Test func `a certificate that has ended is refused`() async throws {
        let error = try await ask(host: "archive.example", trusts: true, isOver: true)
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
