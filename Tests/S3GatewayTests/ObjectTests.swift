import AccessControl
import ControlStore
import Dispatch
import PerigeeTesting
import S3Gateway
import Synchronization
import Testing
import VolumeModel
import VolumeService

extension S3GatewayTests {
    @Suite("Objects over HTTP")
    struct ObjectTests {
        /// A gateway on a real volume with a small file, a large one and an empty one.
        private func withObjects(
            settings: GatewaySettings = GatewaySettings(),
            _ body: (ServiceFixture, [UInt8], TestGateway, HTTPTalk) async throws -> Void
        ) async throws {
            try await withTemporaryFolder { folder in
                let fixture = try ServiceFixture(in: folder)
                var random = SeededRandom(seed: 11)
                let large = random.bytes(21_000_000)
                try DiskFile.write(fixture.archive("large.fits"), large)
                try DiskFile.write(fixture.archive("small.html"), Array("<b>0123456789</b>".utf8))
                try DiskFile.write(fixture.archive("empty"), [])
                let volume = try fixture.add()
                try fixture.publish(volume)
                let service = try fixture.service()
                defer { service.stop() }
                try await withGateway(service, settings: settings) { gateway in
                    try await body(fixture, large, gateway, try HTTPTalk(port: gateway.port))
                }
            }
        }

        @Test("Every range of small and large files is what lies on the disk")
        func ranges() async throws {
            try await withObjects { _, large, _, client in
                let size = large.count
                var random = SeededRandom(announcing: "ranges")
                #expect(try client.request("GET", "/hst/large.fits").body == large)
                for _ in 0..<60 {
                    let first = random.below(size)
                    let last = random.pick([
                        first, first + random.below(300_000), size - 1, size + 99,
                        first + random.below(size),
                    ])
                    let answer = try client.request(
                        "GET", "/hst/large.fits", [("Range", "bytes=\(first)-\(last)")])
                    let end = min(last, size - 1)
                    #expect(answer.status == 206)
                    #expect(answer.body == Array(large[first...end]))
                    #expect(answer.field("content-range") == "bytes \(first)-\(end)/\(size)")
                }
            }
        }

        @Test(
            "Forms of ranges are answered as S3 does",
            arguments: [
                ("bytes=0-3", 206, "<b>0"), ("bytes=3-", 206, "0123456789</b>"),
                ("bytes=-4", 206, "</b>"), ("bytes=-99", 206, "<b>0123456789</b>"),
                ("bytes=16-99999999999999999999999", 206, ">"), ("bytes=17-", 416, ""),
                ("bytes=-0", 416, ""), ("bytes=99999999999999999999999-", 416, ""),
                ("bytes=5-2", 200, "<b>0123456789</b>"), ("bytes=a-b", 200, "<b>0123456789</b>"),
                ("bytes=0-1,4-5", 200, "<b>0123456789</b>"),
                ("items=0-1", 200, "<b>0123456789</b>"),
                ("bytes=--1", 200, "<b>0123456789</b>"),
            ])
        func forms(_ range: String, _ status: Int, _ text: String) async throws {
            try await withObjects { _, _, _, client in
                let answer = try client.request("GET", "/hst/small.html", [("Range", range)])
                #expect(answer.status == status)
                if status == 416 {
                    #expect(answer.element("Code") == "InvalidRange")
                    #expect(answer.element("ActualObjectSize") == "17")
                } else {
                    #expect(answer.text == text)
                }
                // The second time it is answered from memory.
                let again = try client.request("GET", "/hst/small.html", [("Range", range)])
                #expect(again.status == status)
                #expect(again.body == answer.body || status == 416)
            }
        }

        @Test("Conditions hold in their precedence, and tell of a range only behind them")
        func conditions() async throws {
            try await withObjects { _, _, _, client in
                let head = try client.request("HEAD", "/hst/small.html")
                let tag = try #require(head.field("etag"))
                let time = try #require(head.field("last-modified"))
                let (before, after) = (
                    "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
                )
                for (fields, status) in [
                    ([("If-Match", tag)], 200), ([("If-Match", "\"x\"")], 412),
                    ([("If-Match", "*")], 200), ([("If-Match", "\"x\", \(tag)")], 200),
                    ([("If-None-Match", tag)], 304), ([("If-None-Match", "W/\(tag)")], 304),
                    ([("If-None-Match", "*")], 304), ([("If-None-Match", "\"x\"")], 200),
                    ([("If-Modified-Since", time)], 304), ([("If-Modified-Since", before)], 200),
                    ([("If-Unmodified-Since", time)], 200),
                    ([("If-Unmodified-Since", before)], 412),
                    ([("If-Modified-Since", "nonsense")], 200),
                    ([("If-Match", tag), ("If-Unmodified-Since", before)], 200),
                    ([("If-None-Match", "\"x\""), ("If-Modified-Since", after)], 200),
                    ([("If-None-Match", tag), ("Range", "bytes=99-")], 304),
                    ([("If-Match", "\"x\""), ("Range", "bytes=99-")], 412),
                    ([("If-Range", tag), ("Range", "bytes=0-0")], 206),
                    ([("If-Range", "\"x\""), ("Range", "bytes=0-0")], 200),
                    ([("If-Range", time), ("Range", "bytes=0-0")], 206),
                ] as [([(String, String)], Int)] {
                    for method in ["HEAD", "GET"] {
                        let answer = try client.request(method, "/hst/small.html", fields)
                        #expect(answer.status == status, "\(method) \(fields)")
                        if status == 304 { #expect(answer.field("etag") == tag) }
                    }
                }
            }
        }

        @Test("What is said of an object is the same by HEAD and GET, and is safe for browsers")
        func header() async throws {
            try await withObjects { _, _, _, client in
                for path in ["small.html", "large.fits", "empty"] {
                    let head = try client.request("HEAD", "/hst/\(path)")
                    let get = try client.request("GET", "/hst/\(path)")
                    #expect(head.status == 200)
                    #expect(head.body.isEmpty)
                    for name in [
                        "content-length", "etag", "last-modified", "content-type", "accept-ranges",
                        "x-amz-meta-perigee-revision",
                    ] {
                        #expect(head.field(name) == get.field(name))
                        #expect(head.field(name) != nil)
                    }
                    #expect(get.body.count == Int(get.field("content-length") ?? ""))
                    #expect(get.field("x-content-type-options") == "nosniff")
                    #expect(get.field("content-security-policy")?.contains("sandbox") ?? false)
                    #expect(get.field("x-amz-request-id") != head.field("x-amz-request-id"))
                }
            }
        }

        @Test("An object has one part, and one version called null")
        func parts() async throws {
            try await withObjects { _, _, _, client in
                let part = try client.request("GET", "/hst/small.html?partNumber=1")
                #expect(part.status == 206)
                #expect(part.field("x-amz-mp-parts-count") == "1")
                for (query, status, code) in [
                    ("partNumber=2", 416, "InvalidPartNumber"),
                    ("partNumber=0", 400, "InvalidArgument"),
                    ("partNumber=x", 400, "InvalidArgument"),
                    ("versionId=abc", 404, "NoSuchVersion"),
                    ("versionId=", 400, "InvalidArgument"),
                ] {
                    let answer = try client.request("GET", "/hst/small.html?\(query)")
                    #expect(answer.status == status)
                    #expect(answer.element("Code") == code)
                }
                #expect(try client.request("GET", "/hst/small.html?versionId=null").status == 200)
            }
        }

        @Test("A file that changes at its origin is never mixed: the answer is cut off")
        func changing() async throws {
            try await withObjects { fixture, _, gateway, _ in
                // Slow enough for the file to change in the middle.
                let client = try HTTPTalk(port: gateway.port)
                client.send(HTTPTalk.text("GET", "/hst/large.fits", []))
                #expect(client.receive(1 << 20).count >= 1 << 20)
                try DiskFile.overwrite(fixture.archive("large.fits"), at: 20_900_000, [1, 2, 3])
                #expect(throws: HTTPTalk.Failure.self) { try client.answer() }
                let other = try HTTPTalk(port: gateway.port)
                #expect(
                    try eventually(within: 5) {
                        try other.request("GET", "/hst/large.fits", [("Range", "bytes=0-9")]).status
                            == 500
                    })
                let named = try other.request("HEAD", "/hst/large.fits")
                let gone = try other.request(
                    "GET", "/hst/large.fits", [("If-Match", try #require(named.field("etag")))])
                #expect(gone.status == 412)
            }
        }

        @Test("A file that shrinks or vanishes during a transfer is cut off, never padded")
        func shrinking() async throws {
            try await withObjects { fixture, large, gateway, _ in
                let reader = try HTTPTalk(port: gateway.port)
                reader.send(HTTPTalk.text("GET", "/hst/large.fits", []))
                #expect(reader.receive(1 << 20).count >= 1 << 20)
                try DiskFile.setSize(fixture.archive("large.fits"), 20_000_000)
                let start = ContinuousClock.now
                #expect(throws: HTTPTalk.Failure.self) { try reader.answer() }
                #expect(ContinuousClock.now - start < .seconds(10))
                let other = try HTTPTalk(port: gateway.port)
                #expect(
                    try eventually(within: 5) {
                        try other.request("GET", "/hst/large.fits").status == 500
                    })
                try DiskFile.remove(fixture.archive("small.html"))
                #expect(try other.request("GET", "/hst/small.html").status == 500)
            }
        }

        @Test(
            "A file that was read before counts as one request, and stands in the audit once",
            arguments: ["small.html", "large.fits"])
        func counted(_ path: String) async throws {
            var settings = GatewaySettings()
            // Ten requests may come at once.
            settings.limits.requestsPerSecond = 5
            try await withObjects(settings: settings) { fixture, _, _, client in
                let statuses = try (0..<9).map { _ in
                    try client.request("GET", "/hst/\(path)").status
                }
                #expect(statuses.allSatisfy { $0 == 200 })
                let opens = {
                    var count = 0
                    try AuditReader(fixture.state).read { _ in count += 1 }
                    return count
                }
                #expect(try eventually(within: 5) { try opens() >= 9 })
                #expect(try opens() == 9)
            }
        }

        @Test("What is remembered of a file is of the revision that is current")
        func republished() async throws {
            try await withObjects { fixture, _, gateway, client in
                let volume = try VolumeName("hst")
                // Somebody asks all the time, so that a look-up is under way at each switch.
                let isOver = Atomic(false)
                let others = DispatchGroup()
                let port = gateway.port
                DispatchQueue.global().async(group: others) {
                    let client = try? HTTPTalk(port: port)
                    while !isOver.load(ordering: .relaxed) {
                        _ = try? client?.request("GET", "/hst/small.html")
                    }
                }
                defer {
                    isOver.store(true, ordering: .relaxed)
                    others.wait()
                }
                for version in 0..<15 {
                    let text = "version \(version)"
                    try DiskFile.replace(fixture.archive("small.html"), Array(text.utf8))
                    try fixture.publish(volume)
                    #expect(
                        try eventually(within: 5) {
                            try client.request("GET", "/hst/small.html").text == text
                        }, "\(text)")
                    for _ in 0..<20 {
                        #expect(try client.request("GET", "/hst/small.html").text == text)
                    }
                }
            }
        }

        @Test("A value of an override goes out in ISO 8859-1")
        func overrides() async throws {
            try await withObjects { fixture, _, gateway, client in
                let ada = try UserName("ada")
                try fixture.store.perform([.addUser(ada)], at: nil)
                gateway.principal.now = .user(ada, credential: nil)
                #expect(
                    try eventually(within: 5) {
                        try client.request("HEAD", "/hst/small.html").status == 200
                    })
                let target = "/hst/small.html?response-content-disposition=x%3D%C3%A9"
                let answer = try client.request("GET", target)
                // A byte that is no UTF-8 by itself.
                #expect(answer.field("content-disposition") == "x=\u{fffd}")
                let type = try client.request(
                    "GET", "/hst/small.html?response-content-type=image/fits")
                #expect(
                    type.fields.filter { $0.lowercased().hasPrefix("content-type:") }
                        == ["Content-Type: image/fits"])
            }
        }

        @Test("A file that is replaced goes on as the version that was published")
        func replaced() async throws {
            try await withObjects { fixture, large, gateway, client in
                let reader = try HTTPTalk(port: gateway.port)
                reader.send(HTTPTalk.text("GET", "/hst/large.fits", []))
                #expect(reader.receive(1 << 20).count >= 1 << 20)
                try DiskFile.replace(fixture.archive("large.fits"), [9])
                #expect(try reader.answer().body == large)
            }
        }
    }
}
