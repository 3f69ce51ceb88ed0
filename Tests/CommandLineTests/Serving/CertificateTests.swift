import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// Connections that are encrypted.
    @Suite(.needs("openssl"), .needs("curl")) struct CertificateTests {
        /// A certificate that vouches for itself, and its key.
        private struct Pair {
            let certificate: String
            let key: String

            init(_ name: String, in folder: String) throws {
                certificate = "\(folder)/\(name).pem"
                key = "\(folder)/\(name).key"
                try tool(
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                    "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", certificate)
            }

            /// Puts both in the place of others, as a renewal does.
            func replace(_ other: Pair) throws {
                for (from, to) in [(certificate, other.certificate), (key, other.key)] {
                    guard rename(from, to) == 0 else { throw ProcessFailure(description: from) }
                }
            }
        }

        private func withCertificate(
            _ flags: [String] = [], _ body: (Site, Served, Pair) throws -> Void
        ) throws {
            try withSite { site in
                try site.write("f", content)
                try site.publish()
                let pair = try Pair("first", in: site.folder)
                let tls = ["--tls-certificate", pair.certificate, "--tls-key", pair.key]
                try site.withServed(Site.anyPorts + tls + flags) { served in
                    try body(site, served, pair)
                }
            }
        }

        private let content = pattern(9_000_001, version: 5)

        /// Who the server says that it is.
        private func name(_ served: Served) throws -> String {
            let done = try run(
                ["sh", "-c", "openssl s_client -connect \(served.s3[0]) </dev/null 2>&1"])
            return done.lines.first { $0.hasPrefix("subject=") } ?? done.text
        }

        @Test func `a large file is the same over TLS`() throws {
            try withCertificate { site, served, pair in
                let got = "\(site.folder)/got"
                try tool(
                    "curl", "-sS", "--fail", "--cacert", pair.certificate, "-o", got,
                    "https://\(served.s3[0])/vol/f")
                let isSame = contents(got) == .ok(content)
                #expect(isSame)
                #expect(try served.metric("perigee_s3_certificate_expiry_seconds") ?? 0 > 1e9)
            }
        }

        @Test func `a new certificate is shown after a signal, and a broken one is not`() throws {
            try withCertificate { site, served, pair in
                #expect(try name(served).hasSuffix("first"))
                try Pair("second", in: site.folder).replace(pair)
                served.child.kill(SIGHUP)
                #expect(try eventually(within: 10) { try name(served).hasSuffix("second") })
                try DiskFile.write(pair.certificate, Array("no certificate".utf8))
                served.child.kill(SIGHUP)
                #expect(served.logs("error the certificate stays as it was"))
                #expect(try name(served).hasSuffix("second"))
                let other = try Pair("third", in: site.folder)
                #expect(rename(other.certificate, pair.certificate) == 0)
                served.child.kill(SIGHUP)
                #expect(
                    eventually(within: 10) {
                        served.log.split(separator: "\n").count {
                            $0.contains("the certificate stays as it was")
                        } == 2
                    }, "a certificate without its key")
                #expect(try name(served).hasSuffix("second"))
            }
        }

        @Test func `a renewal is found without a signal`() throws {
            try withSite { site in
                let pair = try Pair("first", in: site.folder)
                let environment = [
                    "PERIGEE_S3_TLS_CERTIFICATE": pair.certificate,
                    "PERIGEE_S3_TLS_KEY": pair.key, "PERIGEE_S3_TLS_CHECK_EVERY": "1s",
                ]
                try site.withServed(environment: environment) { served in
                    #expect(try name(served).hasSuffix("first"))
                    try Pair("second", in: site.folder).replace(pair)
                    #expect(try eventually(within: 10) { try name(served).hasSuffix("second") })
                }
            }
        }

        @Test func `a server does not start with a certificate that cannot be used`() throws {
            try withSite { site in
                let first = try Pair("first", in: site.folder)
                let second = try Pair("second", in: site.folder)
                for key in [second.key, "\(site.folder)/nowhere"] {
                    let done = try site.run(
                        ["serve", "--tls-certificate", first.certificate, "--tls-key", key]
                            + Site.anyPorts)
                    expectRefusal(done, 64, saying: first.certificate, key, "cannot be used")
                }
            }
        }
    }
}
