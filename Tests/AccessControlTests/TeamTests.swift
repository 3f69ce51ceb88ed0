import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Teams")
struct TeamTests {
    @Test("A higher role includes the lower ones")
    func roles() {
        for held in TeamRole.allCases {
            for asked in TeamRole.allCases {
                var example = Example(rule("x", .grant(.read), "team:crew#\(asked.rawValue)"))
                example.add("ada", to: "crew", held)
                #expect((example.level(ada) == .read) == (held >= asked))
            }
        }
    }

    @Test("A nested team's members have the role that the team has, whatever theirs inside")
    func nesting() {
        for (inside, outside) in [
            (TeamRole.owner, TeamRole.member), (.member, .owner), (.manager, .manager),
        ] {
            var example = Example(rule("x", .grant(.read), "team:outer#manager"))
            example.add("ada", to: "inner", inside)
            example.add("inner", to: "outer", outside)
            #expect((example.level(ada) == .read) == (outside >= .manager))
        }
    }

    @Test("Of several ways the best role counts")
    func ways() {
        var example = Example(rule("x", .grant(.read), "team:outer#owner"))
        example.add("ada", to: "one")
        example.add("ada", to: "two")
        example.add("one", to: "outer", .member)
        example.add("two", to: "middle", .member)
        example.add("middle", to: "outer", .owner)
        #expect(example.level(ada) == .read)
        #expect(example.level(ben) == .none)
    }

    @Test("A membership ends at its instant, and with it those that hang on it")
    func expiry() {
        var example = Example(rule("x", .grant(.read), "team:outer"))
        example.add("ada", to: "inner", until: "2026-07-01")
        example.add("inner", to: "outer", until: "2026-08-01")
        #expect(example.level(ada, at: "2026-06-30T23:59:59.999999999Z") == .read)
        #expect(example.level(ada, at: "2026-07-01") == .none)
        #expect(example.view(ada).until == day("2026-07-01"))
        #expect(example.view(ada, at: day("2026-07-10")).from == day("2026-07-01"))
        example.add("ada", to: "inner")
        #expect(example.level(ada, at: "2026-07-10") == .read)
        #expect(example.level(ada, at: "2026-08-01") == .none)
    }

    @Test("A better role that ends leaves the lesser one")
    func lesserRole() {
        var example = Example(
            rule("m", .grant(.list), "team:crew"), rule("o", .grant(.read), "team:crew#owner"))
        example.add("ada", to: "crew")
        example.add("ada", to: "crew", .owner, until: "2026-07-01")
        #expect(example.level(ada) == .read)
        #expect(example.level(ada, at: "2026-07-01") == .list)
    }

    @Test("Teams that nest in a cycle end all the same")
    func cycles() {
        var example = Example(rule("x", .grant(.read), "team:a"))
        example.add("b", to: "a")
        example.add("c", to: "b")
        example.add("a", to: "c")
        example.add("ada", to: "c")
        #expect(example.level(ada) == .read)
        #expect(example.level(ben) == .none)
    }

    @Test("A cycle is found, and named in order")
    func findCycles() {
        var example = Example()
        example.add("b", to: "a")
        example.add("c", to: "b")
        example.add("c", to: "a")
        #expect(AccessPolicy.nestingCycle(in: example.policy.teams) == nil)
        let closing = Membership(member: .team(team("a")))
        #expect(
            example.policy.nestingCycle(adding: closing, to: team("c"))
                == [team("a"), team("b"), team("c")])
        let own = Membership(member: .team(team("d")))
        #expect(example.policy.nestingCycle(adding: own, to: team("d")) == [team("d")])
    }

    @Test("Ten thousand teams in a row are no cycle, and no deep stack", .timeLimit(.minutes(1)))
    func deepNesting() {
        var example = Example(rule("x", .grant(.read), "team:t9999"))
        example.add("ada", to: "t0")
        for index in 1..<10_000 { example.add("t\(index - 1)", to: "t\(index)") }
        #expect(AccessPolicy.nestingCycle(in: example.policy.teams) == nil)
        #expect(example.view(ada).uniform == .read)
        example.add("t9999", to: "t0")
        #expect(AccessPolicy.nestingCycle(in: example.policy.teams)?.count == 10_000)
    }

    @Test("A template names the team by the class, or nobody's")
    func templates() {
        var example = Example(rule("x", .grant(.read), "team:jwst-{proposal_id}"))
        example.add("ada", to: "jwst-1288")
        example.setClass(1, ["proposal_id": "1288"])
        example.setClass(2, ["proposal_id": "1289"])
        example.setClass(3, ["proposal_id": "1288 "])
        example.setClass(4, ["other": "1288"])
        example.setClass(5, ["proposal_id": ""])
        #expect(example.level(ada, class: 1) == .read)
        for id in [0, 2, 3, 4, 5] { #expect(example.level(ada, class: Int64(id)) == .none) }
        #expect(example.level(ben, class: 1) == .none)
        #expect(example.view(ada).visibleClasses == [AccessClassID(1)])
    }

    @Test("A template of two attributes, with a role, beside an attribute condition")
    func wideTemplates() {
        var example = Example(
            rule(
                "x", .grant(.read), "team:{mission}-{proposal_id}x#manager",
                when: [.attribute(key("kind"), equals: "raw")]))
        example.add("ada", to: "hst-12-1x", .manager)
        example.add("ben", to: "hst-12-1x")
        example.setClass(1, ["mission": "hst", "proposal_id": "12-1", "kind": "raw"])
        example.setClass(2, ["mission": "hst-12", "proposal_id": "1", "kind": "raw"])
        example.setClass(3, ["mission": "hst", "proposal_id": "12-1"])
        #expect(example.level(ada, class: 1) == .read)
        #expect(example.level(ada, class: 2) == .read)
        #expect(example.level(ada, class: 3) == .none)
        #expect(example.level(ben, class: 1) == .none)
    }

    @Test("What overlaps in a team's name is not taken twice")
    func overlappingTemplate() {
        var example = Example(rule("x", .grant(.read), "team:aba{id}aba"))
        example.add("ada", to: "ababa")
        example.add("ada", to: "abaaba")
        example.setClass(1, ["id": ""])
        example.setClass(2, ["id": "b"])
        #expect(example.level(ada, class: 1) == .read)
        #expect(example.level(ada, class: 2) == .none)
    }
}
