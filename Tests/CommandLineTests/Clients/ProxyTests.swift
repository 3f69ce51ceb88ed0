import Foundation
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// The gateway behind nginx, with the lines that the article on running it has.
    @Suite(.needs("nginx"), .needs("curl")) struct ProxyTests {
        /// The block of the article, with the gateway's own address.
        private static func location(_ served: Served) throws -> String {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let article = try String(
                contentsOfFile: "\(root)/Sources/perigee/Documentation.docc/Operations.md",
                encoding: .utf8)
            let start = try #require(article.range(of: "```nginx\n")).upperBound
            let end = try #require(article.range(of: "```", range: start..<article.endIndex))
            return String(article[start..<end.lowerBound])
                .replacing("127.0.0.1:9000", with: served.s3[0])
        }

        /// Gives `body` the place of an nginx in front of a server; ends it afterwards.
        private func withProxy(
            of served: Served, _ site: Site, _ body: (String) throws -> Void
        ) throws {
            let folder = try site.makeFolder("nginx")
            // nginx cannot choose a port by itself, and another program may be quicker.
            for attempt in 1...5 {
                let place = "127.0.0.1:\(try freePort())"
                let configuration = """
                    daemon off; worker_processes 1; pid \(folder)/pid;
                    error_log \(folder)/error.log;
                    events {}
                    http {
                        access_log off; client_body_temp_path \(folder); proxy_temp_path \(folder);
                        fastcgi_temp_path \(folder); uwsgi_temp_path \(folder);
                        scgi_temp_path \(folder);
                        server { listen \(place); \(try Self.location(served)) }
                    }
                    """
                try DiskFile.write("\(folder)/nginx.conf", Array(configuration.utf8))
                let nginx = try Child(["nginx", "-p", folder, "-c", "\(folder)/nginx.conf"])
                defer {
                    nginx.kill(SIGTERM)
                    if !nginx.ends(within: 10) { nginx.kill(SIGKILL) }
                }
                let isUp = eventually(within: 10) {
                    nginx.poll() != nil || (try? HTTPTalk(to: place)) != nil
                }
                if isUp, nginx.poll() == nil { return try body(place) }
                #expect(attempt < 5, "\(String(decoding: nginx.errorsSoFar, as: UTF8.self))")
            }
        }

        private func freePort() throws -> UInt16 {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_addr.s_addr = inet_addr("127.0.0.1")
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            return try withUnsafeMutablePointer(to: &name) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    try #require(bind(socket, address, size) == 0)
                    try #require(getsockname(socket, address, &size) == 0)
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }

        @Test func `signatures hold through nginx, and what would write is denied by us`() throws {
            try withSite { site in
                let name = "odd dir/a+b%2F é.txt"
                try site.write(name, "text")
                try site.publish()
                let key = try site.makeKey("ada")
                try site.withServed { served in
                    try withProxy(of: served, site) { place in
                        let url = "http://\(place)/vol/odd%20dir/a%2Bb%252F%20%C3%A9.txt"
                        let curl = { (words: [String]) in
                            try run(
                                [
                                    "curl", "-sS", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user",
                                    "\(key.id):\(key.secret)", "-H",
                                    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                                ] + words + [url])
                        }
                        #expect(try curl([]).text == "text")
                        #expect(try curl(["-r", "1-2"]).text == "ex")
                        let upload = "\(site.folder)/upload"
                        try DiskFile.write(upload, [UInt8](repeating: 1, count: 3_000_000))
                        let denied = try curl(["-T", upload]).text
                        #expect(denied.contains("<Code>AccessDenied</Code>"), "\(denied)")
                        let signed = try site.ok([
                            "presign", "vol:\(name)", "--user", "ada", "--endpoint",
                            "http://\(place)",
                        ])
                        let link = try #require(signed.lines.first)
                        #expect(try run(["curl", "-sS", link]).text == "text")
                    }
                }
            }
        }
    }
}
