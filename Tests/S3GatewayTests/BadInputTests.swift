import AccessControl
import PerigeeTesting
import S3Gateway
import Testing
import VolumeModel
import VolumeService

extension S3GatewayTests {
    @Suite("Bad input over HTTP")
    struct BadInputTests {
        private func withGatewayOnFake(
            settings: GatewaySettings = GatewaySettings(),
            _ body: (TestGateway) async throws -> Void
        ) async throws {
            try await withTemporaryFolder { folder in
                let service = try FakeVolumeService(folder: folder)
                try service.publish("hst", ["a": .text("content"), "d/b": .text("b")])
                try await withGateway(service, settings: settings, body)
            }
        }

        @Test(
            "Keys that no file can have are not there, and what is no URI is refused",
            arguments: [
                ("/hst/../a", 404, "NoSuchKey"), ("/hst/./a", 404, "NoSuchKey"),
                ("/hst/%2e%2e/a", 404, "NoSuchKey"), ("/hst//a", 404, "NoSuchKey"),
                ("/hst/d", 404, "NoSuchKey"), ("/hst/d/", 404, "NoSuchKey"),
                ("/hst/a/", 404, "NoSuchKey"), ("/hst/d%2Fb", 200, ""),
                ("/hst/d/../a", 404, "NoSuchKey"),
                ("/hst/%zz", 400, "InvalidURI"), ("/hst/%", 400, "InvalidURI"),
                ("/hst/%ff", 400, "InvalidURI"), ("/hst/a%00b", 400, "InvalidURI"),
                ("/none/a", 404, "NoSuchBucket"), ("/HST/a", 404, "NoSuchBucket"),
                ("/hst@candidate/a", 404, "NoSuchBucket"), ("/..%2fhst/a", 404, "NoSuchBucket"),
                ("//hst/a", 400, "InvalidBucketName"),
            ])
        func keys(_ target: String, _ status: Int, _ code: String) async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let answer = try client.request("GET", target)
                #expect(answer.status == status)
                if status != 200 { #expect(answer.element("Code") == code) }
                #expect(try client.request("GET", "/hst/a").text == "content")
            }
        }

        @Test("What no request says is not repeated: a query may hold a signature")
        func refusedQueries() async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let answer = try client.request("GET", "/hst/%zz?X-Amz-Signature=abcdef")
                #expect(answer.status == 400)
                #expect(!answer.text.contains("abcdef"))
                #expect(answer.element("Resource") == "/hst/%zz")
            }
        }

        @Test(
            "Times that no calendar has are none",
            arguments: [
                "Sun Nov  6 08:49:37 9223372036854775807", "Sunday, 06-Nov-99999999 08:49:37 GMT",
                "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 99:99:99 GMT",
                "9223372036854775807-01-01", "0", "",
            ])
        func times(_ time: String) async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                for name in ["If-Modified-Since", "If-Unmodified-Since", "If-Range", "Date"] {
                    let answer = try client.request(
                        "GET", "/hst/a", [(name, time), ("Range", "bytes=0-0")])
                    #expect(answer.status == (name == "If-Range" ? 200 : 206), "\(name)")
                }
            }
        }

        @Test("Keys over 1,024 bytes and very many parameters are refused")
        func long() async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let key = String(repeating: "k", count: 1_025)
                #expect(
                    try client.request("GET", "/hst/\(key)").element("Code") == "KeyTooLongError")
                #expect(try client.request("GET", "/hst/\(key.dropLast())").status == 404)
                let query = (0..<1_000).map { "a\($0)=1" }.joined(separator: "&")
                #expect(try client.request("GET", "/hst?\(query)").element("Code") == "InvalidURI")
                let answer = try client.request(
                    "GET", "/hst/a", [("X-Long", String(repeating: "x", count: 20_000))])
                #expect(answer.element("Code") == "RequestHeaderSectionTooLarge")
            }
        }

        @Test(
            "Two ways to tell where a request ends are refused, and the connection ends",
            arguments: [
                "GET /hst/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                "POST /hst/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET /hst/a HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
                "GET /hst/a HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
                "GET /hst/a HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
                "GET /hst/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                "GET /hst/a HTTP/1.1\r\n\r\n", "GET /hst/a\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
                "GET http://[ HTTP/9.9\r\nHost: x\r\n\r\n",
            ])
        func smuggling(_ text: String) async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port, seconds: 5)
                client.send(text + "GET /hst/d/b HTTP/1.1\r\nHost: x\r\n\r\n")
                // Refused, or cut off at once; what comes behind is no request.
                if let first = try? client.answer() {
                    #expect(first.status == 400, "\(first.text)")
                }
                #expect(try client.isEnded())
            }
        }

        @Test("Whatever would write is denied before its body comes, with and without Expect")
        func writes() async throws {
            try await withGatewayOnFake { gateway in
                for (method, target) in [
                    ("PUT", "/hst/new"), ("PUT", "/new"), ("POST", "/hst/a?uploads"),
                    ("POST", "/hst?delete"), ("DELETE", "/hst/a"), ("DELETE", "/hst"),
                    ("PUT", "/hst/a?tagging"), ("PUT", "/hst?acl"),
                ] {
                    let client = try HTTPTalk(port: gateway.port)
                    client.send(
                        HTTPTalk.text(
                            method, target,
                            [("Content-Length", "1000000"), ("Expect", "100-continue")])
                    )
                    let answer = try client.answer()
                    #expect(answer.status == 403)
                    #expect(answer.element("Code") == "AccessDenied")
                }
                let client = try HTTPTalk(port: gateway.port)
                client.send(HTTPTalk.text("PUT", "/hst/new", [("Content-Length", "300000")]))
                client.send([UInt8](repeating: 1, count: 300_000))
                let answer = try client.answer()
                #expect(answer.status == 403)
                // A body that was there in time may have been taken in; if not, the connection ends.
                if answer.field("connection") == "close" {
                    #expect(try client.isEnded())
                } else {
                    #expect(try client.request("GET", "/hst/a").text == "content")
                }
                // One that never comes to its end leaves nothing else.
                let stuck = try HTTPTalk(port: gateway.port)
                stuck.send(HTTPTalk.text("PUT", "/hst/new", [("Content-Length", "300000")]))
                let refused = try stuck.answer()
                #expect(refused.status == 403)
                #expect(refused.field("connection") == "close")
                #expect(try stuck.isEnded())
            }
        }

        @Test("Methods and calls that are not there say so")
        func unknown() async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                #expect(try client.request("PROPFIND", "/hst/a").status == 405)
                #expect(try client.request("GET", "/hst?session").status == 501)
                #expect(try client.request("POST", "/hst/a?select&select-type=2").status == 501)
                #expect(try client.request("HEAD", "/").status == 405)
            }
        }

        @Test("Requests that come at once are answered in their order")
        func pipelined() async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let targets = (0..<40).map { ["/hst/a", "/hst/d/b", "/hst/none"][$0 % 3] }
                client.send(targets.map { HTTPTalk.text("GET", $0, []) }.joined())
                for target in targets {
                    let answer = try client.answer()
                    switch target {
                    case "/hst/a": #expect(answer.text == "content")
                    case "/hst/d/b": #expect(answer.text == "b")
                    default: #expect(answer.status == 404)
                    }
                }
            }
        }

        @Test("Who sends nothing, or a little at a time, is cut off; who has sent all is answered")
        func slow() async throws {
            var settings = GatewaySettings()
            settings.limits.header = .seconds(1)
            settings.limits.idle = .seconds(1)
            try await withGatewayOnFake(settings: settings) { gateway in
                let silent = try HTTPTalk(port: gateway.port, seconds: 10)
                #expect(throws: Never.self, "who is silent") { try #require(try silent.isEnded()) }
                let slow = try HTTPTalk(port: gateway.port, seconds: 10)
                slow.send("GET /hst/a HT")
                #expect(throws: Never.self, "who is slow") { try #require(try slow.isEnded()) }
                let half = try HTTPTalk(port: gateway.port, seconds: 10)
                half.send(HTTPTalk.text("GET", "/hst/a", []))
                half.endSending()
                #expect(try half.answer().text == "content")
                #expect(try half.isEnded())
                let several = try HTTPTalk(port: gateway.port, seconds: 10)
                several.send((0..<3).map { _ in HTTPTalk.text("GET", "/hst/a", []) }.joined())
                several.endSending()
                for _ in 0..<3 { #expect(try several.answer().text == "content") }
                #expect(try several.isEnded())
                let cut = try HTTPTalk(port: gateway.port, seconds: 10)
                cut.send("GET /hst/a HTTP/1.1\r\nHost: ")
                cut.endSending()
                #expect(try cut.answer().status == 400)
                #expect(try cut.isEnded())
            }
        }

        @Test("More connections than may be are closed, and others go on")
        func connections() async throws {
            var settings = GatewaySettings()
            settings.limits.connections = 2
            try await withGatewayOnFake(settings: settings) { gateway in
                let first = try HTTPTalk(port: gateway.port)
                let second = try HTTPTalk(port: gateway.port)
                #expect(try first.request("GET", "/hst/a").status == 200)
                #expect(try second.request("GET", "/hst/a").status == 200)
                let third = try HTTPTalk(port: gateway.port)
                #expect(try third.isEnded())
                #expect(try first.request("GET", "/hst/a").status == 200)
            }
        }

        @Test("A principal that asks too often is told to slow down")
        func pace() async throws {
            var settings = GatewaySettings()
            settings.limits.requestsPerSecond = 1
            try await withGatewayOnFake(settings: settings) { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let statuses = try (0..<5).map { _ in try client.request("GET", "/hst/a").status }
                #expect(statuses.prefix(2).allSatisfy { $0 == 200 })
                #expect(statuses.contains(503))
            }
        }

        @Test("A principal that has had too many bytes has to wait for more")
        func paceOfBytes() async throws {
            var settings = GatewaySettings()
            settings.limits.bytesPerSecond = 1
            try await withGatewayOnFake(settings: settings) { gateway in
                let client = try HTTPTalk(port: gateway.port)
                // Two bytes at once; the seven that are sent make a debt of five seconds.
                let statuses = try (0..<4).map { _ in try client.request("GET", "/hst/a").status }
                #expect(statuses == [200, 503, 503, 503])
                gateway.principal.now = .user(try UserName("ada"), credential: nil)
                #expect(try client.request("GET", "/hst/a").status == 200)
            }
        }

        @Test("Pages of other sites read only where they may")
        func sharing() async throws {
            var settings = GatewaySettings()
            settings.corsOrigins = ["https://sky.example.org"]
            try await withGatewayOnFake(settings: settings) { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let ask = { (origin: String, method: String) in
                    try client.request(
                        "OPTIONS", "/hst/a",
                        [("Origin", origin), ("Access-Control-Request-Method", method)])
                }
                let good = try ask("https://sky.example.org", "GET")
                #expect(good.status == 200)
                #expect(good.field("access-control-allow-origin") == "https://sky.example.org")
                #expect(try ask("https://evil.example.org", "GET").status == 403)
                #expect(try ask("https://sky.example.org", "PUT").status == 403)
                let get = try client.request(
                    "GET", "/hst/a", [("Origin", "https://sky.example.org")])
                #expect(get.field("access-control-allow-origin") == "https://sky.example.org")
                let other = try client.request("GET", "/hst/a", [("Origin", "https://evil")])
                #expect(other.field("access-control-allow-origin") == nil)
            }
        }

        @Test("The access log has a line of JSON for each request, and no query")
        func log() async throws {
            try await withGatewayOnFake { gateway in
                let client = try HTTPTalk(port: gateway.port)
                let answer = try client.request("GET", "/hst/a?X-Secret=abc")
                _ = try client.request("GET", "/hst/\"%0a\u{e9}")
                #expect(eventually(within: 2) { gateway.log.all.count == 2 })
                let line = gateway.log.all[0]
                #expect(line.contains("\"path\":\"/hst/a\""))
                #expect(!line.contains("abc"))
                #expect(line.contains(answer.field("x-amz-request-id") ?? "none"))
                #expect(line.contains("\"principal\":\"anyone\""))
                #expect(line.hasSuffix("\n"))
                #expect(line.contains("\"status\":200,\"bytes\":7"))
            }
        }
    }
}
