import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("A walk in the order of keys", .timeLimit(.minutes(5)))
struct KeyWalkTests {
    @Test("tells of any page what sorting, filtering and grouping all keys tells")
    func model() async throws {
        var random = SeededRandom(announcing: "key walks")
        try withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            let volume = try fixture.add()
            var keys: Set<[UInt8]> = []
            for _ in 0..<120 {
                let key = Self.key(&random)
                // A name is a file or a folder here: a volume shows only one of both.
                let isClash = keys.contains { other in
                    key.starts(with: other + Self.slash) || other.starts(with: key + Self.slash)
                }
                if isClash { continue }
                keys.insert(key)
                let path = fixture.archive(String(decoding: key, as: UTF8.self))
                try DiskFile.makeFolders(String(path[..<path.lastIndex(of: "/")!]))
                try DiskFile.write(path, [])
            }
            try DiskFile.makeFolders(fixture.archive("empty/inside"))
            try DiskFile.makeFolders(fixture.archive("a-empty"))
            try fixture.publish(volume)
            let service = try fixture.service()
            defer { service.stop() }
            let snapshot = try currentSnapshot(service, volume)
            let naive = NaiveKeys(
                try keys.map { key in
                    (key, try #require(try service.entry(at: EntryPath(key), of: snapshot)))
                })
            for _ in 0..<2_000 {
                let walk = Self.walk(&random, keys.randomElement(using: &random) ?? [])
                let got = try service.keys(walk, of: snapshot)
                #expect(got == naive.page(walk), "\(Self.text(walk))")
            }
        }
    }

    @Test("without patience gets to the end in small pages, and misses nothing")
    func impatient() async throws {
        try withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            let volume = try fixture.add()
            for path in ["a/b/c/x", "a/b/y", "a/z", "b/x", "b-c", "c/d/e/f"] {
                let path = fixture.archive(path)
                try DiskFile.makeFolders(String(path[..<path.lastIndex(of: "/")!]))
                try DiskFile.write(path, [])
            }
            try DiskFile.makeFolders(fixture.archive("b/none/none"))
            try fixture.publish(volume)
            let service = try fixture.service()
            defer { service.stop() }
            let snapshot = try currentSnapshot(service, volume)
            for delimiter in ["", "/", "b"] {
                var walk = KeyWalk(delimiter: Array(delimiter.utf8))
                let whole = try service.keys(walk, of: snapshot)
                #expect(whole.next == nil)
                walk.patience = .zero
                var items: [KeyItem] = []
                var pages = 0
                repeat {
                    let page = try service.keys(walk, of: snapshot)
                    items += page.items
                    walk.start = page.next ?? .beginning
                    pages += 1
                    try #require(pages < 100)
                } while walk.start != .beginning
                #expect(items == whole.items)
                #expect(pages > 2)
            }
        }
    }

    private static let slash = [UInt8(ascii: "/")]

    /// Names around the slash in byte order, of one to four folders.
    private static func key(_ random: inout SeededRandom) -> [UInt8] {
        let names = ["a", "b", "a.", "a-", "a0", "ab", "b!", "ü", "~", "a b"]
        return Array(
            (0...random.below(4)).map { _ in random.pick(names) }.joined(separator: "/").utf8)
    }

    private static func walk(_ random: inout SeededRandom, _ some: [UInt8]) -> KeyWalk {
        var walk = KeyWalk(limit: random.pick([1, 2, 3, 7, 1_000]))
        switch random.below(4) {
        case 0: walk.prefix = Array(some.prefix(random.below(some.count + 1)))
        case 1: walk.prefix = Array(key(&random).prefix(3))
        case 2: walk.prefix = random.pick([[UInt8(ascii: "a")], slash, Array("a/".utf8)])
        default: break
        }
        walk.delimiter = Array(random.pick(["", "/", "/", "a", "/a", "ab", "b/", "zz", "ü"]).utf8)
        let place = random.once(in: 2) ? some : key(&random)
        switch random.below(4) {
        case 0: walk.start = .after(place)
        case 1: walk.start = .after(Array(place.prefix(random.below(place.count + 1))))
        case 2: walk.start = .from(Array(place.prefix(random.below(place.count + 1))))
        default: break
        }
        return walk
    }

    private static func text(_ walk: KeyWalk) -> String {
        let start =
            switch walk.start {
            case .beginning: ""
            case .after(let key): "after \(String(decoding: key, as: UTF8.self))"
            case .from(let key): "from \(String(decoding: key, as: UTF8.self))"
            }
        return "prefix \(String(decoding: walk.prefix, as: UTF8.self)), delimiter "
            + "\(String(decoding: walk.delimiter, as: UTF8.self)), limit \(walk.limit) \(start)"
    }
}
