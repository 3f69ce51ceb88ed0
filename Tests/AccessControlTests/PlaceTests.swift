import PerigeeTesting
import Testing
import VolumeModel

@testable import AccessControl

@Suite("Places")
struct PlaceTests {
    @Test(
        "A pattern covers what it matches and all below",
        arguments: [
            ("a", ["a", "a/b", "a/b/c"], ["b", "ab", "b/a"]),
            ("a/*", ["a/b", "a/b/c"], ["a", "b/b"]),
            ("**/x", ["x", "x/y", "a/x", "a/b/x/c"], ["a", "ax", "a/xb"]),
            ("a/**/x", ["a/x", "a/b/x/y"], ["x", "a", "a/b"]),
            ("{a,b{c,d}}/?", ["a/1", "bc/é", "bd/😀/z"], ["a/12", "bc/éé", "b/1"]),
            ("?", ["é", "é/x", "😀"], ["éa", "ab"]),
            ("é*", ["é", "éé/x"], ["e", "è"]),
            ("\\*", ["*", "*/a"], ["a"]),
            ("a/**", ["a", "a/b"], ["b"]),
            ("**", ["a", "a/b"], []),
        ])
    func covers(_ pattern: String, _ inside: [String], _ outside: [String]) {
        let example = Example(rule("x", .grant(.read), "anyone", on: pattern))
        for text in inside { #expect(example.level(nil, text) == .read, "\(text)") }
        for text in outside { #expect(example.level(nil, text) == .none, "\(text)") }
    }

    @Test("What no pattern can reach is told for whole folders")
    func reach() {
        let example = Example(
            rule("in", .grant(.read), "anyone", on: "a/b/*.fits"),
            rule("all", .grant(.list), "anyone", on: "open"),
            rule("no", .denial(.none), "anyone", on: "open/**/secret"),
            rule("out", .grant(.read), "anyone", on: "free/**"))
        let view = example.view(nil)
        for (folder, reach) in [
            ("", AccessView.Reach.some), ("a", .some), ("a/b", .some), ("a/b/c", .nothing),
            ("a/b/x.fits", .everything), ("a/c", .nothing), ("c", .nothing), ("open", .some),
            ("open/x", .some), ("open/secret", .nothing), ("free", .everything),
            ("free/x", .everything),
            ("ope", .nothing), ("a/b/x.fit", .nothing),
        ] {
            #expect(view.reach(below: view.place(at: path(folder))) == reach, "\(folder)")
        }
        #expect(view.uniform == nil)
    }

    @Test("Classes and conditions bear on what is told of a folder")
    func reachOfClasses() {
        var example = Example(
            rule("raw", .grant(.read), "anyone", when: [.attribute(key("kind"), equals: "raw")]),
            rule("all", .grant(.list), "anyone", on: "open"))
        example.setClass(1, ["kind": "raw"])
        let view = example.view(nil)
        #expect(view.reach(below: view.root) == .some)
        #expect(view.reach(below: view.place(at: path("open"))) == .everything)
        #expect(view.reach(below: view.place(at: path("shut"))) == .some)
        example.volume.rules.append(
            rule(
                "no", .denial(.none), "anyone", on: "open/x",
                when: [.attribute(key("kind"), equals: "raw")]))
        let denied = example.view(nil)
        #expect(denied.reach(below: denied.place(at: path("open"))) == .some)
        #expect(denied.reach(below: denied.place(at: path("open/y"))) == .everything)
    }

    @Test("Denials without any grant are no patterns at all")
    func onlyDenials() {
        let view = Example(rule("no", .denial(.none), "anyone", on: "**/x")).view(nil)
        #expect(view.uniform == AccessLevel.none)
        #expect(view.reach(below: view.root) == .nothing)
    }

    @Test("Places that stand alike are one place, and settled ones stay where they are")
    func sharing() {
        let view = Example(
            rule("x", .grant(.read), "anyone", on: "a/**"),
            rule("y", .grant(.list), "anyone", on: "b/*.fits")
        ).view(nil)
        #expect(view.place(at: path("c")) === view.place(at: path("d/e/f")))
        #expect(view.place(at: path("a")) === view.place(at: path("a/b/c")))
        #expect(view.place(at: path("b/1.fits")) === view.place(at: path("b/2.fits")))
        #expect(view.place(at: []) === view.root)
    }

    @Test("Dropping what is remembered changes no decision, and places stay good")
    func overflow() {
        var access = RandomAccess(SeededRandom(announcing: "small tables"))
        for _ in 0..<200 {
            access.paths = (0..<10).map { _ in access.path() }
            let policy = access.policy(for: [hst], rules: 20)
            let (requester, now) = (access.requester(), access.instant())
            let view = AccessView(of: hst, for: requester, policy: policy, at: now)
            for limit in [PlaceLimit(sets: 3, numbers: 1 << 20), PlaceLimit(sets: 100, numbers: 1)]
            {
                let small = AccessView(
                    of: hst, for: requester, policy: policy, at: now, limit: limit)
                var held: [(path: [UInt8], place: AccessView.Place)] = [([], small.root)]
                for _ in 0..<40 {
                    let (folder, place) = access.random.pick(held)
                    let name = Array(access.path().prefix { $0 != UInt8(ascii: "/") })
                    let path = folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
                    let child = name.withUnsafeBytes { small.place(of: $0, in: place) }
                    held.append((path, child))
                    for id in 0..<4 {
                        let id = AccessClassID(Int64(id))
                        let decision = view.decision(
                            id, at: view.place(at: path), path: { path })
                        #expect(small.decision(id, at: child, path: { path }) == decision)
                        #expect(
                            small.decision(id, at: small.place(at: path), path: { path })
                                == decision)
                    }
                    #expect(small.reach(below: child) == view.reach(below: view.place(at: path)))
                }
            }
        }
    }

    @Test("Many threads get the same decisions", .timeLimit(.minutes(1)))
    func threads() async {
        var access = RandomAccess(SeededRandom(announcing: "threads"))
        let policy = access.policy(for: [hst], rules: 30)
        let (now, paths) = (access.instant(), access.paths + (0..<200).map { _ in access.path() })
        let view = AccessView(
            of: hst, for: .user(access.users[0]), policy: policy, at: now,
            limit: PlaceLimit(sets: 40, numbers: 4_000))
        let naive = NaiveAccess(policy, .user(access.users[0]), at: now)
        let expected = paths.map { naive.level(of: $0, .none, in: hst) }
        await withTaskGroup(of: Int.self) { group in
            for start in 0..<8 {
                group.addTask {
                    (0..<4_000).count { step in
                        let index = (start * 31 + step) % paths.count
                        let path = paths[index]
                        let decision = view.decision(
                            .none, at: view.place(at: path), path: { path })
                        return decision.level != expected[index]
                    }
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
    }

    @Test("Thousands of wildcards in a thousand rules end in bounded time", .timeLimit(.minutes(5)))
    func hostilePatterns() {
        var example = Example()
        example.volume.rules = (0..<1_000).map { index in
            let stars = String(repeating: "*a", count: 100)
            return rule(
                "r\(index)", .grant(.read), "anyone", on: "\(stars)\(index % 10)/**/x*y\(index)")
        }
        let start = monotonicNanoseconds()
        let view = example.view(nil)
        let long = [UInt8](repeating: 0x61, count: 255) + path("0/x/xy10")
        #expect(
            view.decision(.none, at: view.place(at: long), path: { long }).level == .read)
        var place = view.root
        for byte in 0..<4 {
            let name = [UInt8](repeating: 0x61 + UInt8(byte), count: 255)
            place = name.withUnsafeBytes { view.place(of: $0, in: place) }
        }
        #expect(monotonicNanoseconds() - start < 30_000_000_000)
    }
}
