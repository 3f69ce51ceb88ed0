import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Grants and denials")
struct SemanticsTests {
    @Test("Without a grant everything is at none")
    func nothing() {
        #expect(Example().decision(ada) == AccessDecision(level: .none, grant: nil))
        #expect(
            Example(rule("no", .denial(.list), "anyone")).decision(ada)
                == AccessDecision(level: .none, grant: nil))
    }

    @Test("The highest grant counts, and then the lowest denial")
    func order() {
        let rules = [
            rule("a", .grant(.discover), "anyone"), rule("b", .grant(.read), "anyone"),
            rule("c", .grant(.list), "anyone"), rule("d", .denial(.list), "user:ada"),
            rule("e", .denial(.read), "anyone"),
        ]
        for shift in rules.indices {
            var example = Example()
            example.volume.rules = Array(rules[shift...] + rules[..<shift])
            #expect(
                example.decision(ada)
                    == AccessDecision(level: .list, grant: "b", cap: .denial(rule: "d")))
            #expect(example.decision(nil) == AccessDecision(level: .read, grant: "b"))
        }
    }

    @Test("Among rules that do the same, the first by name in bytes is named")
    func names() {
        let example = Example(
            rule("é", .grant(.read), "anyone"), rule("b", .grant(.read), "anyone"),
            rule("B", .grant(.read), "anyone"))
        #expect(example.decision(nil).grant == "B")
    }

    @Test("A volume or class that the policy does not have is closed")
    func unknown() throws {
        let example = Example(rule("all", .grant(.read), "anyone"))
        #expect(
            example.decision(nil, class: 7)
                == AccessDecision(level: .none, grant: nil, cap: .unknownClass))
        let view = AccessView(
            of: try VolumeName("jwst"), for: .user(ada), policy: example.policy, at: example.now)
        #expect(view.uniform == AccessLevel.none)
        #expect(view.volume == AccessDecision(level: .none, grant: nil))
        #expect(view.visibleClasses.isEmpty)
        #expect(view.reach(below: view.root) == .nothing)
        #expect(view.until == nil)
        #expect(view.from == Timestamp(nanoseconds: .min))
    }

    @Test("Subjects are who they say, and somebody without an identity is anyone alone")
    func subjects() {
        for (subject, ofAda, ofBen, ofAnyone) in [
            ("anyone", true, true, true), ("authenticated", true, true, false),
            ("user:ada", true, false, false), ("team:crew", true, false, false),
        ] {
            var example = Example(rule("x", .grant(.read), subject))
            example.add("ada", to: "crew")
            #expect((example.level(ada) == .read) == ofAda, "\(subject)")
            #expect((example.level(ben) == .read) == ofBen, "\(subject)")
            #expect((example.level(nil) == .read) == ofAnyone, "\(subject)")
        }
    }

    @Test("A user who is disabled or not known sees not even what anyone sees")
    func lockedOut() throws {
        var example = Example(rule("all", .grant(.read), "anyone"))
        example.policy.users[ada] = UserRecord(isDisabled: true)
        let closed = AccessDecision(level: .none, grant: nil, cap: .user)
        #expect(example.decision(ada) == closed)
        #expect(example.decision(try UserName("stranger")) == closed)
        #expect(example.view(ada).volume == closed)
        #expect(example.view(ada).uniform == AccessLevel.none)
        #expect(example.decision(nil).level == .read)
    }

    @Test("A rule holds from its first instant to the one before its last")
    func windows() {
        let example = Example(
            rule("x", .grant(.read), "anyone", from: "2026-02-01", until: "2026-03-01"))
        #expect(example.level(nil, at: "2026-01-31T23:59:59.999999999Z") == .none)
        #expect(example.level(nil, at: "2026-02-01") == .read)
        #expect(example.level(nil, at: "2026-02-28T23:59:59.999999999Z") == .read)
        #expect(example.level(nil, at: "2026-03-01") == .none)
        let before = example.view(nil, at: day("2026-01-01"))
        #expect(before.from == Timestamp(nanoseconds: .min))
        #expect(before.until == day("2026-02-01"))
        let inside = example.view(nil, at: day("2026-02-01"))
        #expect(inside.from == day("2026-02-01") && inside.until == day("2026-03-01"))
        let after = example.view(nil, at: day("2027-01-01"))
        #expect(after.from == day("2026-03-01") && after.until == nil)
    }

    @Test("A rule with no time never holds, and flips nothing")
    func noWindow() {
        let example = Example(
            rule("x", .grant(.read), "anyone", from: "2026-03-01", until: "2026-03-01"))
        #expect(example.level(nil, at: "2026-03-01") == .none)
        #expect(example.view(nil, at: day("2026-01-01")).until == nil)
    }

    @Test("Rules about others leave a view's time and id alone")
    func others() {
        var example = Example(
            rule("all", .grant(.read), "anyone"))
        let id = example.view(ada).id
        example.volume.rules.append(
            rule("ben", .grant(.read), "user:ben", until: "2026-07-01"))
        example.volume.rules.append(
            rule("crew", .grant(.read), "team:crew", until: "2026-07-01"))
        #expect(example.view(ada).until == nil)
        #expect(example.view(ada).id == id)
        #expect(example.view(ben).until == day("2026-07-01"))
        #expect(example.view(ben).id != id)
    }

    @Test("Conditions all have to hold")
    func conditions() {
        var example = Example(
            rule(
                "x", .grant(.read), "anyone",
                when: [
                    .attribute(key("kind"), equals: "raw"), .attribute(key("band"), equals: "i"),
                ]))
        example.setClass(1, ["kind": "raw", "band": "i"])
        example.setClass(2, ["kind": "raw"])
        example.setClass(3, ["kind": "raw", "band": "j"])
        #expect(example.level(nil, class: 1) == .read)
        #expect(example.level(nil, class: 2) == .none)
        #expect(example.level(nil, class: 3) == .none)
        #expect(example.level(nil) == .none)
        #expect(example.view(nil).visibleClasses == [AccessClassID(1)])
    }

    @Test("A condition that contradicts itself holds for nothing")
    func contradictions() {
        var example = Example(
            rule(
                "x", .grant(.read), "anyone",
                when: [
                    .attribute(key("kind"), equals: "raw"), .attribute(key("kind"), equals: "i"),
                ]), rule("y", .grant(.read), "anyone", when: [.embargoed, .released]))
        example.setClass(1, ["kind": "raw"])
        example.volume.embargo = EmbargoPolicy()
        #expect(example.level(nil, class: 1) == .none)
        #expect(example.view(nil).uniform == AccessLevel.none)
    }

    @Test("The volume's level comes from rules about all of it that ask nothing of entries")
    func volume() {
        let example = Example(
            rule("a", .grant(.read), "anyone", on: "a/**"),
            rule("b", .grant(.read), "anyone", when: [.released]),
            rule("c", .grant(.read), "anyone", on: "*"),
            rule("d", .grant(.discover), "anyone", on: "**"))
        #expect(example.view(nil).volume == AccessDecision(level: .discover, grant: "d"))
        var embargoed = Example(rule("x", .grant(.read), "anyone"))
        embargoed.volume.embargo = EmbargoPolicy(metadataWithData: true)
        #expect(embargoed.level(nil) == .none)
        #expect(embargoed.view(nil).volume.level == .read)
    }

    @Test("A class's team makes no level on the volume")
    func volumeTemplates() {
        var example = Example(rule("x", .grant(.read), "team:p-{id}"))
        example.add("ada", to: "p-1")
        example.setClass(1, ["id": "1"])
        #expect(example.level(ada, class: 1) == .read)
        #expect(example.view(ada).volume.level == .none)
    }

    @Test("A view has the same id in every process")
    func stableIdentity() {
        var example = Example(
            rule("pi", .grant(.read), "team:jwst-{proposal_id}", when: [.embargoed]),
            rule("all", .grant(.list), "anyone", on: "jw*/**"),
            rule("gone", .denial(.none), "anyone", on: "jw9/**"))
        example.add("ada", to: "jwst-1")
        example.volume.embargo = EmbargoPolicy()
        for id in 1...40 {
            example.setClass(Int64(id), ["proposal_id": "\(id % 7)"])
        }
        example.setClass(
            1 << 40, [:],
            link: AccessClass.Link(
                path: path("a"), target: path("b"), targetClass: AccessClassID(1)))
        #expect(example.view(ada).id == 17_271_454_726_045_229_989)
        #expect(example.view(nil).id == 5_923_628_726_905_571_797)
        #expect(Example().view(nil).id == 8_002_861_194_528_435_050)
    }
}
