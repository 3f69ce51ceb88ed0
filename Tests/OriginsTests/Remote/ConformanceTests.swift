import Glibc
import Origins
import PerigeeTesting
import Testing
import VolumeModel

/// The contract of `RemoteOrigin`, with a real server of each kind.
@Suite("Every origin keeps the contract", .timeLimit(.minutes(3)))
struct ConformanceTests {
    private static let files: [String: [UInt8]] = {
        var random = SeededRandom(seed: 11)
        return [
            "a/x": random.bytes(3_000_001), "a.txt": Array("small".utf8), "empty": [],
            "sp ace+é%&'<>\"#?;.txt": Array("odd".utf8), "d/e/f": Array("deep".utf8),
            "d/e.f": random.bytes(70_000), "dd/g": [0], "a:b": [1],
        ]
    }()

    private static func order(_ names: some Sequence<String>) -> [String] {
        names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    private static func text(_ objects: [OriginObject]) -> [String] {
        objects.map { String(decoding: $0.key, as: UTF8.self) }
    }

    @Test(arguments: ServedOrigin.present)
    func `objects are listed in the byte order of their keys`(kind: ServedOrigin) async throws {
        try await kind.with(Self.files) { server, _ in
            let origin = try kind.origin(server.url)
            let listed = try await origin.list()
            #expect(Self.text(listed) == Self.order(Self.files.keys))
            for object in listed {
                let content = Self.files[String(decoding: object.key, as: UTF8.self)]
                #expect(object.version.size == Int64(content?.count ?? -1))
            }
            for prefix in ["d/", "d", "d/e", "a/", "a/x", "nothing"] {
                let listed = try await origin.list(prefix)
                #expect(
                    Self.text(listed)
                        == Self.order(Self.files.keys.filter { $0.hasPrefix(prefix) }), "\(prefix)")
            }
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `what is listed can be asked about and read`(kind: ServedOrigin) async throws {
        try await kind.with(Self.files) { server, _ in
            let origin = try kind.origin(server.url)
            for object in try await origin.list() {
                let key = String(decoding: object.key, as: UTF8.self)
                let told = try await origin.stat(object.key)
                #expect(told.key == object.key)
                #expect(told.version.size == object.version.size)
                if !object.needsStat { #expect(told.version.etag == object.version.etag) }
                let version = object.needsStat ? told.version : object.version
                let bytes = try await origin.bytes(key, version: version)
                #expect(bytes == Self.files[key])
            }
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `any range is read exactly, many at once`(kind: ServedOrigin) async throws {
        var random = SeededRandom(announcing: "ConformanceTests")
        let content = try #require(Self.files["a/x"])
        var ranges: [Range<Int>] = [0..<1, 0..<content.count, (content.count - 1)..<content.count]
        for _ in 0..<60 {
            let start = random.below(content.count)
            ranges.append(start..<(start + 1 + random.below(content.count - start)))
        }
        try await kind.with(Self.files) { server, _ in
            let origin = try kind.origin(server.url)
            let version = try await origin.stat("a/x").version
            await withTaskGroup(of: Void.self) { group in
                for range in ranges {
                    group.addTask {
                        let wanted = Int64(range.lowerBound)..<Int64(range.upperBound)
                        let bytes = try? await origin.bytes("a/x", version: version, range: wanted)
                        #expect(bytes == Array(content[range]), "\(range)")
                    }
                }
            }
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `what is not there is not found`(kind: ServedOrigin) async throws {
        try await kind.with(Self.files) { server, folder in
            let origin = try kind.origin(server.url)
            for key in ["nope", "a", "a/", "d/e", "d/nope"] {
                let error = await asyncFailure { _ = try await origin.stat(key) }
                #expect(error?.code == .notFound, "\(key)")
            }
            let version = try await origin.stat("a.txt").version
            try DiskFile.remove("\(folder)/a.txt")
            let error = await asyncFailure {
                _ = try await origin.bytes("a.txt", version: version)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `an object that was replaced is stale, and its new version can be read`(
        kind: ServedOrigin
    ) async throws {
        try await kind.with(["f": Array("first".utf8)]) { server, folder in
            let origin = try kind.origin(server.url)
            let version = try await origin.stat("f").version
            // Of the same size, and of another, both later.
            for (index, text) in ["other", "longer than before"].enumerated() {
                try DiskFile.replace("\(folder)/f", Array(text.utf8))
                try DiskFile.setModified(
                    "\(folder)/f",
                    Timestamp(nanoseconds: (1_700_000_000 + Int64(index)) * 1_000_000_000))
                let error = await asyncFailure {
                    _ = try await origin.bytes("f", version: version)
                }
                #expect(error?.code == .stale, "\(text): \(String(describing: error))")
                let now = try await origin.stat("f").version
                let bytes = try await origin.bytes("f", version: now)
                #expect(bytes == Array(text.utf8))
            }
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a long list comes in pages, each object once`(kind: ServedOrigin) async throws {
        var files: [String: [UInt8]] = [:]
        for index in 0..<2_300 { files["n/\(index % 7)/f\(index)"] = [] }
        for index in 0..<1_200 { files["n/\(index)"] = nil }
        try await kind.with(files) { server, _ in
            let origin = try kind.origin(server.url)
            var token: ListingToken?
            var keys: [String] = []
            var pages = 0
            repeat {
                let page = try await origin.list(prefix: Array("n/".utf8), continuing: token)
                // A token can be used again: an answer may have been lost.
                if pages == 1 {
                    let again = try await origin.list(prefix: Array("n/".utf8), continuing: token)
                    #expect(again.objects == page.objects)
                }
                keys += Self.text(page.objects)
                token = page.next
                pages += 1
            } while token != nil
            #expect(pages >= 3)
            #expect(keys == Self.order(files.keys))
        }
    }
}
