import AccessControl
import PerigeeTesting
import S3Gateway
import S3Protocol
import Testing
import VolumeModel
import VolumeService

extension S3GatewayTests {
    @Suite("Listings over HTTP")
    struct ListingTests {
        private static let keys = [
            "a", "a-b/c", "a.txt", "b/1", "b/2", "b/sub/3", "c&d<e>\"f\"/x", "sp ace/pl+us",
            "tab\there",
            "z", "ü/é",
        ]

        private func withListing(
            settings: GatewaySettings = GatewaySettings(),
            _ body: (FakeVolumeService, HTTPTalk) async throws -> Void
        ) async throws {
            try await withTemporaryFolder { folder in
                let service = try FakeVolumeService(folder: folder)
                try service.publish(
                    "hst", Dictionary(uniqueKeysWithValues: Self.keys.map { ($0, .text($0)) }))
                try await withGateway(service, settings: settings) { gateway in
                    try await body(service, try HTTPTalk(port: gateway.port))
                }
            }
        }

        @Test("Version 2 gives all keys in the order of bytes, page by page")
        func pages() async throws {
            try await withListing { _, client in
                for size in [1, 2, 3, 1_000] {
                    var keys: [String] = []
                    var token = ""
                    repeat {
                        let page = try client.request(
                            "GET", "/hst?list-type=2&max-keys=\(size)\(token)")
                        #expect(page.status == 200)
                        #expect(page.element("KeyCount") == String(page.elements("Key").count))
                        keys += page.elements("Key")
                        let next = page.element("NextContinuationToken")
                        #expect(page.element("IsTruncated") == (next == nil ? "false" : "true"))
                        token = next.map { "&continuation-token=\(Self.encoded($0))" } ?? ""
                    } while !token.isEmpty
                    #expect(keys.map { Array($0.utf8) } == Self.keys.map { Array($0.utf8) })
                }
            }
        }

        @Test("Version 1 goes on behind its marker, and versions behind theirs")
        func markers() async throws {
            try await withListing { _, client in
                for (query, name, next) in [
                    ("", "marker", "NextMarker"), ("versions&", "key-marker", "NextKeyMarker"),
                ] {
                    var keys: [String] = []
                    var marker = ""
                    repeat {
                        let page = try client.request("GET", "/hst?\(query)max-keys=2\(marker)")
                        keys += page.elements("Key")
                        marker = page.element(next).map { "&\(name)=\(Self.encoded($0))" } ?? ""
                    } while !marker.isEmpty
                    #expect(keys.count == Self.keys.count)
                }
            }
        }

        @Test("A delimiter makes groups, and url encoding spares XML every byte")
        func groups() async throws {
            try await withListing { _, client in
                let page = try client.request(
                    "GET", "/hst?list-type=2&delimiter=/&encoding-type=url")
                #expect(page.elements("Key") == ["a", "a.txt", "tab%09here", "z"])
                #expect(
                    page.elements("Prefix") == [
                        "", "a-b/", "b/", "c%26d%3Ce%3E%22f%22/", "sp%20ace/", "%C3%BC/",
                    ])
                let below = try client.request("GET", "/hst?list-type=2&delimiter=/&prefix=b/")
                #expect(below.elements("Key") == ["b/1", "b/2"])
                #expect(below.elements("CommonPrefixes").count == 1)
            }
        }

        @Test("A token is good for its own listing alone")
        func tokens() async throws {
            try await withListing { service, client in
                try service.publish("other", ["a": .text("a"), "b": .text("b")])
                let page = try client.request("GET", "/hst?list-type=2&max-keys=2&prefix=b/")
                let token = Self.encoded(try #require(page.element("NextContinuationToken")))
                for target in [
                    "/hst?list-type=2", "/hst?list-type=2&prefix=b", "/other?list-type=2&prefix=b/",
                    "/hst?list-type=2&prefix=b/&delimiter=/",
                ] {
                    let other = try client.request("GET", "\(target)&continuation-token=\(token)")
                    #expect(other.status == 400)
                    #expect(other.element("Code") == "InvalidArgument")
                }
                for bad in ["", "x", "AAAA", "\(token)A", String(repeating: "A", count: 8_000)] {
                    let other = try client.request(
                        "GET", "/hst?list-type=2&prefix=b/&continuation-token=\(bad)")
                    #expect(other.status == 400)
                }
                let good = try client.request(
                    "GET", "/hst?list-type=2&prefix=b/&continuation-token=\(token)")
                #expect(good.elements("Key") == ["b/sub/3"])
            }
        }

        @Test("A listing that spans pages stays in the revision of its first page")
        func revision() async throws {
            try await withTemporaryFolder { folder in
                let fixture = try ServiceFixture(in: folder)
                for name in ["a", "b", "c"] { try DiskFile.write(fixture.archive(name), [1]) }
                let volume = try fixture.add()
                try fixture.publish(volume)
                let service = try fixture.service()
                defer { service.stop() }
                try await withGateway(service) { gateway in
                    let client = try HTTPTalk(port: gateway.port)
                    let first = try client.request("GET", "/hst?list-type=2&max-keys=1")
                    let token = Self.encoded(try #require(first.element("NextContinuationToken")))
                    for name in ["b", "c"] { try DiskFile.remove(fixture.archive(name)) }
                    try DiskFile.write(fixture.archive("d"), [1])
                    try fixture.publish(volume)
                    #expect(
                        try eventually(within: 2) {
                            try client.request("GET", "/hst?list-type=2").elements("Key") == [
                                "a", "d",
                            ]
                        })
                    let rest = try client.request(
                        "GET", "/hst?list-type=2&continuation-token=\(token)")
                    #expect(rest.elements("Key") == ["b", "c"])
                    #expect(
                        try client.request("GET", "/hst.r1?list-type=2").elements("Key")
                            == ["a", "b", "c"])
                    #expect(try client.request("GET", "/hst.r9?list-type=2").status == 404)
                }
            }
        }

        @Test("A token that somebody else brings is refused")
        func otherPrincipals() async throws {
            try await withTemporaryFolder { folder in
                let service = try FakeVolumeService(folder: folder)
                try service.publish("hst", ["a": .text("a"), "b": .text("b"), "c": .text("c")])
                try await withGateway(service) { gateway in
                    let client = try HTTPTalk(port: gateway.port)
                    let ada = try UserName("ada")
                    let owners: [Principal] = [
                        .user(ada, credential: CredentialID(1)), .user(ada, credential: nil),
                        .user(ada, credential: CredentialID(2)), .anyone,
                        .user(try UserName("bob"), credential: CredentialID(1)),
                    ]
                    for owner in owners {
                        gateway.principal.now = owner
                        let page = try client.request("GET", "/hst?list-type=2&max-keys=1")
                        let token = Self.encoded(
                            try #require(page.element("NextContinuationToken")))
                        for bearer in owners {
                            gateway.principal.now = bearer
                            let rest = try client.request(
                                "GET", "/hst?list-type=2&continuation-token=\(token)")
                            if bearer == owner {
                                #expect(rest.elements("Key") == ["b", "c"])
                            } else {
                                #expect(rest.status == 400, "\(bearer) with that of \(owner)")
                                #expect(rest.element("Code") == "InvalidArgument")
                                #expect(rest.elements("Key") == [])
                            }
                        }
                    }
                }
            }
        }

        @Test(
            "A listing of version 1 goes on behind its marker in the revision that is current then",
            arguments: [("", "marker", "NextMarker"), ("versions&", "key-marker", "NextKeyMarker")])
        func markersAcrossPublish(_ query: String, _ name: String, _ next: String) async throws {
            try await withTemporaryFolder { folder in
                let fixture = try ServiceFixture(in: folder)
                for name in ["b", "d", "f", "h"] {
                    try DiskFile.write(fixture.archive(name), [1])
                }
                let volume = try fixture.add()
                try fixture.publish(volume)
                let service = try fixture.service()
                defer { service.stop() }
                try await withGateway(service) { gateway in
                    let client = try HTTPTalk(port: gateway.port)
                    let first = try client.request("GET", "/hst?\(query)max-keys=2")
                    #expect(first.elements("Key") == ["b", "d"])
                    let marker = Self.encoded(try #require(first.element(next)))
                    // The marker's own key goes, as does one behind it; others come on both sides.
                    for name in ["d", "f"] { try DiskFile.remove(fixture.archive(name)) }
                    for name in ["a", "c", "e", "g"] {
                        try DiskFile.write(fixture.archive(name), [1])
                    }
                    try fixture.publish(volume)
                    #expect(
                        try eventually(within: 2) {
                            try client.request("GET", "/hst").elements("Key")
                                == ["a", "b", "c", "e", "g", "h"]
                        })
                    let rest = try client.request("GET", "/hst?\(query)\(name)=\(marker)")
                    #expect(rest.elements("Key") == ["e", "g", "h"])
                    #expect(rest.element("IsTruncated") == "false")
                }
            }
        }

        @Test("An alias is a part of a volume, and its keys begin there")
        func aliases() async throws {
            var settings = GatewaySettings()
            settings.aliases = [
                "stpubdata": .init(
                    volume: try VolumeReference(parsing: "hst"), prefix: Array("b/".utf8)),
                "nowhere": .init(volume: try VolumeReference(parsing: "gone")),
            ]
            try await withListing(settings: settings) { _, client in
                let all = try client.request("GET", "/stpubdata?list-type=2&max-keys=2")
                #expect(all.elements("Key") == ["1", "2"])
                #expect(all.element("Name") == "stpubdata")
                let token = Self.encoded(try #require(all.element("NextContinuationToken")))
                let rest = try client.request(
                    "GET", "/stpubdata?list-type=2&continuation-token=\(token)")
                #expect(rest.elements("Key") == ["sub/3"])
                #expect(try client.request("GET", "/stpubdata/sub/3").text == "b/sub/3")
                #expect(try client.request("GET", "/stpubdata/b/1").status == 404)
                let page = try client.request("GET", "/stpubdata?max-keys=1")
                #expect(page.element("NextMarker") == "1")
                #expect(try client.request("GET", "/nowhere").element("Code") == "NoSuchBucket")
            }
        }

        @Test("Numbers and encodings that are none are refused with the argument's name")
        func arguments() async throws {
            try await withListing { _, client in
                for (query, name) in [
                    ("max-keys=x", "max-keys"), ("max-keys=-1", "max-keys"),
                    ("max-keys=%2B5", "max-keys"), ("max-keys=-0", "max-keys"),
                    ("max-keys=99999999999", "max-keys"), ("encoding-type=base64", "encoding-type"),
                ] {
                    let answer = try client.request("GET", "/hst?list-type=2&\(query)")
                    #expect(answer.status == 400)
                    #expect(answer.element("ArgumentName") == name)
                }
                let none = try client.request("GET", "/hst?list-type=2&max-keys=0")
                #expect(none.elements("Key") == [])
                #expect(none.element("IsTruncated") == "false")
                let many = try client.request("GET", "/hst?list-type=2&max-keys=5000")
                #expect(many.element("MaxKeys") == "1000")
            }
        }

        @Test("Buckets are listed by prefix and page")
        func buckets() async throws {
            try await withListing { service, client in
                for name in ["hla", "xmm"] { try service.publish(name, ["a": .text("a")]) }
                let all = try client.request("GET", "/")
                #expect(all.elements("Name") == ["hla", "hst", "xmm"])
                let some = try client.request("GET", "/?prefix=h&max-buckets=1")
                #expect(some.elements("Name") == ["hla"])
                let token = try #require(some.element("ContinuationToken"))
                let rest = try client.request("GET", "/?prefix=h&continuation-token=\(token)")
                #expect(rest.elements("Name") == ["hst"])
            }
        }

        private static func encoded(_ text: String) -> String {
            var bytes: [UInt8] = []
            PercentEncoding.append(text.utf8, keepsSlashes: false, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
