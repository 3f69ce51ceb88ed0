import Glibc
import Origins
import PerigeeTesting
import Testing
import VolumeModel

@Suite(
    "A web archive",
    .enabled("needs nginx") { OriginServer.nginx.isThere(for: "WebOriginTests") },
    .timeLimit(.minutes(2)))
struct WebOriginTests {
    private static let content: [UInt8] = {
        var random = SeededRandom(seed: 3)
        return random.bytes(400_000)
    }()

    /// Starts nginx with one file and more settings, and a proxy before it.
    private func withArchive(
        _ extra: String = "", supportsRanges: Bool = true,
        _ body: (WebOrigin, FaultProxy, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try DiskFile.makeFolders("\(folder)/data/sub")
            try DiskFile.makeFolders("\(folder)/scratch")
            try DiskFile.write("\(folder)/data/f.txt", Self.content)
            let server = try OriginServer.webServer(
                of: "\(folder)/data", extra: extra, scratch: "\(folder)/scratch")
            try await withFaultProxy(before: server.port) { proxy in
                let origin = try WebOrigin(
                    folder: WebAddress(proxy.url), listing: .autoindex,
                    supportsRanges: supportsRanges, transport: transport(to: proxy.url))
                try await body(origin, proxy, "\(folder)/data")
            }
        }
    }

    @Test(arguments: [true, false])
    func `a server without ranges sends the whole file, of which the range is cut out`(
        isKnown: Bool
    ) async throws {
        try await withArchive("max_ranges 0;", supportsRanges: !isKnown) { origin, proxy, _ in
            #expect(origin.readsWholeFilesOnly == isKnown)
            let version = try await origin.stat("f.txt").version
            for range in [0..<400_000, 0..<10, 399_990..<400_000, 1_000..<300_000] as [Range<Int64>]
            {
                proxy.next(.cut(after: 5_000))
                let bytes = try await origin.bytes("f.txt", version: version, range: range)
                #expect(bytes == Array(Self.content[Int(range.lowerBound)..<Int(range.upperBound)]))
            }
            let asked = proxy.requests.contains { $0.field("range") != nil }
            #expect(asked == !isKnown)
        }
    }

    @Test func `compressed content is refused`() async throws {
        try await withArchive { origin, proxy, _ in
            let version = try await origin.stat("f.txt").version
            proxy.next(.fields(["Content-Encoding": "gzip"]), .fields(["Content-Encoding": "br"]))
            for _ in 0..<2 {
                let error = await asyncFailure {
                    _ = try await origin.bytes("f.txt", version: version)
                }
                #expect(error?.code == .originUnavailable)
                #expect(error?.remedy?.contains("compression") == true)
            }
            #expect(proxy.requests.allSatisfy { $0.field("accept-encoding") == "identity" })
        }
    }

    @Test(arguments: [
        ["ETag": ""], ["ETag": "W/\"x\""], ["ETag": "", "Last-Modified": ""],
    ])
    func `a file without a strong entity tag is pinned by its time`(fields: [String: String])
        async throws
    {
        try await withArchive { origin, proxy, folder in
            try DiskFile.setModified(
                "\(folder)/f.txt", Timestamp(nanoseconds: 1_600_000_000_000_000_000))
            proxy.always(.fields(fields))
            let version = try await origin.stat("f.txt").version
            #expect(version.strongETag == nil)
            let bytes = try await origin.bytes("f.txt", version: version, range: 5..<10)
            #expect(bytes == Array(Self.content[5..<10]))
            let isPinned = proxy.requests.last?.field("if-unmodified-since") != nil
            #expect(isPinned == (version.modified != nil))
            guard isPinned else { return }
            // The same size; only the time tells.
            try DiskFile.write("\(folder)/f.txt", Self.content.reversed())
            let error = await asyncFailure {
                _ = try await origin.bytes("f.txt", version: version, range: 5..<10)
            }
            #expect(error?.code == .stale)
            // Nor is a server believed that does not look at conditions.
            proxy.always(
                .fields(fields.merging(["Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"]) { $1 }))
            let other = try await origin.stat("f.txt").version
            proxy.always(
                .fields(fields.merging(["Last-Modified": "Sun, 06 Nov 1994 08:49:38 GMT"]) { $1 }))
            let second = await asyncFailure {
                _ = try await origin.bytes("f.txt", version: other, range: 5..<10)
            }
            #expect(second?.code == .stale)
        }
    }

    @Test func `a folder that cannot be listed is told, and others are listed`() async throws {
        try await withArchive("location /sub/ { deny all; }") { origin, _, folder in
            try DiskFile.makeFolder("\(folder)/tub")
            try DiskFile.write("\(folder)/tub/g", [1])
            try DiskFile.makeFolder("\(folder)/web")
            try DiskFile.write("\(folder)/web/index.html", Array("<a href=\"x\">x</a>".utf8))
            let page = try await origin.list(prefix: [], continuing: nil)
            #expect(
                page.objects.map { String(decoding: $0.key, as: UTF8.self) } == ["f.txt", "tub/g"])
            #expect(page.problems.map(\.kind) == [.unreadableFolder, .unreadableFolder])
            #expect(
                page.problems.map { String(decoding: $0.path, as: UTF8.self) } == ["sub/", "web/"])
        }
    }

    @Test func `a listing fails where a folder's page may come later`() async throws {
        try await withArchive { origin, proxy, _ in
            proxy.next(.none)
            proxy.always(.status(500, fields: []))
            let error = await asyncFailure {
                _ = try await origin.list(prefix: [], continuing: nil)
            }
            #expect(error?.code == .originUnavailable)
        }
    }

    @Test func `a manifest's files are read`() async throws {
        try await withArchive { origin, proxy, folder in
            let time = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
            try DiskFile.setModified("\(folder)/f.txt", time)
            let digest = String(repeating: "ab", count: 32)
            let text = "f.txt\t400000\t\(time.iso8601)\t\(digest)\n"
            let listed = try WebOrigin(
                folder: WebAddress(proxy.url),
                listing: .manifest(ArchiveManifest(parsing: Array(text.utf8), name: "m")),
                transport: transport(to: proxy.url))
            let object = try #require(try await listed.list().first)
            #expect(!object.needsStat)
            #expect(proxy.requests.isEmpty)
            let bytes = try await listed.bytes("f.txt", version: object.version)
            #expect(bytes == Self.content)
            let told = try await listed.stat("f.txt")
            #expect(told.sha256 == [UInt8](repeating: 0xab, count: 32))
            #expect(told.version.modified == time)
        }
    }
}
