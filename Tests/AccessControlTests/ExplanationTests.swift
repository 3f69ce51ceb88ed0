import AccessControl
import Testing
import VolumeModel

@Suite("Explanations")
struct ExplanationTests {
    private func explain(
        _ example: Example, _ user: UserName?, _ text: String? = "jw1/f", class id: Int64 = 0
    ) -> AccessExplanation {
        AccessExplanation(
            of: hst, path: text.map { path($0) }, accessClass: AccessClassID(id),
            for: user.map { .user($0) } ?? .anyone, policy: example.policy, at: example.now)
    }

    @Test("The grant that decides is named with its place and the way into the team")
    func grant() {
        var example = Example(rule("pi", .grant(.read), "team:jwst-{id}", on: "jw1/**"))
        example.setClass(1, ["id": "1"])
        example.add("jwst-all", to: "jwst-1", .manager)
        example.add("ada", to: "jwst-all", until: "2027-01-01")
        #expect(
            explain(example, ada, class: 1).lines == [
                "user ada has level read on hst:jw1/f at 2026-06-01T00:00:00Z",
                "granted by grant pi (read to team:jwst-{id} on jw1/**) in policies/pi.yaml:1:1 "
                    + "[team jwst-1 as its manager <- team jwst-all until 2027-01-01T00:00:00Z "
                    + "<- user ada]",
                "this may change at 2027-01-01T00:00:00Z",
            ])
    }

    @Test("The embargo is named with its release times, and as what is waited for")
    func embargo() {
        var example = Example(rule("all", .grant(.read), "anyone"))
        example.volume.embargo = EmbargoPolicy()
        example.setClass(1, ["data_release": "2027-01-01"])
        let explanation = explain(example, nil, class: 1)
        #expect(explanation.decision.cap == .embargo)
        #expect(explanation.own.nearest?.unmet == [.dataRelease(day("2027-01-01"))])
        #expect(
            explanation.lines == [
                "anyone has level list on hst:jw1/f at 2026-06-01T00:00:00Z",
                "granted by grant all (read to anyone) in policies/all.yaml:1:1",
                "lowered by the embargo, from read to list",
                "metadata open, data released at 2027-01-01T00:00:00Z",
                "nearest: grant all (read to anyone) in policies/all.yaml:1:1",
                "  but its data are released at 2027-01-01T00:00:00Z",
                "this may change at 2027-01-01T00:00:00Z",
            ])
    }

    @Test("The nearest rule is the one with the fewest things unmet, each of them named")
    func nearest() {
        var example = Example(
            rule("far", .grant(.read), "user:ben", on: "jw2/**"),
            rule("near", .grant(.list), "team:crew#owner"))
        example.add("ada", to: "crew")
        let explanation = explain(example, ada)
        #expect(explanation.own.nearest?.rule.name == "near")
        #expect(explanation.own.nearest?.unmet == [.role(team("crew"), .owner)])
        #expect(explanation.lines.last == "  but the user is not owner of team crew")
    }

    @Test("A team to join or a day to wait for is nearer than a rule about something else")
    func foreign() {
        let crew = rule("crew", .grant(.read), "team:crew", from: "2026-07-01")
        for other in [
            rule("all", .grant(.read), "anyone", on: "open/**"),
            rule("all", .grant(.read), "anyone", when: [.attribute(key("kind"), equals: "i")]),
            rule("all", .grant(.read), "user:ben"),
            rule("all", .grant(.read), "team:t-{none}"),
        ] {
            let explanation = explain(Example(other, crew), ada)
            #expect(explanation.own.nearest?.rule == crew, "\(other)")
            #expect(explanation.own.nearest?.unmet.count == 2)
        }
    }

    @Test("Each thing that a rule asks for can be what is unmet")
    func requirements() throws {
        var example = Example()
        example.volume.embargo = EmbargoPolicy()
        example.setClass(1, ["data_release": "2026-01-01", "kind": "raw"])
        example.setClass(2, ["metadata_release": "2028-01-01"])
        example.add("ada", to: "past", until: "2026-01-01")
        example.policy.teams[team("crew")] = []
        typealias Requirement = AccessExplanation.Requirement
        func check(
            _ made: AccessRule, _ user: UserName?, class id: Int64 = 1, path: String? = "jw1/f",
            _ expected: Requirement...
        ) {
            var example = example
            example.volume.rules = [made]
            let explanation = explain(example, user, path, class: id)
            #expect(explanation.own.nearest?.unmet == expected)
            #expect(explanation.lines.count > 1)
        }
        check(rule("x", .grant(.read), "authenticated"), nil, .identity)
        check(rule("x", .grant(.read), "user:ben"), ada, .user(ben))
        check(rule("x", .grant(.read), "team:crew"), ada, .membership(team("crew"), ended: nil))
        check(
            rule("x", .grant(.read), "team:past"), ada,
            .membership(team("past"), ended: day("2026-01-01")))
        check(
            rule("x", .grant(.read), "team:t-{none}"), ada,
            .teamOfClass(try TeamTemplate(parsing: "t-{none}")))
        check(
            rule("x", .grant(.read), "anyone", from: "2027-01-01"), nil,
            .from(day("2027-01-01")))
        check(
            rule("x", .grant(.read), "anyone", until: "2026-01-01"), nil,
            .ended(day("2026-01-01")))
        check(
            rule("x", .grant(.read), "anyone", on: "jw2"), nil,
            .pattern(try PathPattern("jw2")))
        check(
            rule("x", .grant(.read), "anyone", when: [.attribute(key("kind"), equals: "i")]), nil,
            .attribute(key("kind"), equals: "i", not: "raw"))
        check(
            rule("x", .grant(.read), "anyone", when: [.embargoed]), nil, .embargoed)
        check(
            rule("x", .grant(.read), "anyone", when: [.released]), nil, class: 2,
            .dataRelease(nil), .metadataRelease(day("2028-01-01")))
        check(
            rule("x", .grant(.read), "anyone", on: "jw2"), nil, path: nil,
            .pattern(try PathPattern("jw2")))
        check(
            rule("x", .grant(.read), "anyone", when: [.released]), nil, path: nil, .entry)
    }

    @Test("A denial is what lowers, and what stands in the way")
    func denial() {
        let no = rule("no", .denial(.list), "anyone", on: "jw1")
        let explanation = explain(Example(rule("all", .grant(.read), "anyone"), no), nil)
        #expect(explanation.own.denial?.rule == no)
        #expect(explanation.own.nearest?.unmet == [.denial(no)])
        #expect(explanation.lines[2].hasPrefix("lowered by denial no (at most list for anyone"))
    }

    @Test("A user who is locked out, and a class that is not known, are said")
    func closed() throws {
        var example = Example(rule("all", .grant(.read), "anyone"))
        example.policy.users[ada] = UserRecord(isDisabled: true)
        #expect(explain(example, ada).own.nearest?.unmet == [.enabledUser])
        #expect(explain(example, try UserName("eve")).own.nearest?.unmet == [.knownUser])
        let unknown = explain(example, nil, class: 9)
        #expect(unknown.decision.cap == .unknownClass)
        #expect(unknown.own.attributes == nil && unknown.own.nearest == nil)
        #expect(unknown.lines[1].contains("nothing is known"))
    }

    @Test("Of a linked entry both sides are told, and why the lower one is")
    func link() {
        var example = Example(
            rule("open", .grant(.read), "anyone", on: "open/**"),
            rule("names", .grant(.list), "anyone", on: "closed/**"))
        example.setClass(
            1, [:],
            link: AccessClass.Link(
                path: path("open/link"), target: path("closed/real"), targetClass: .none))
        let explanation = explain(example, nil, "open/link/f", class: 1)
        #expect(explanation.own.level == .read && explanation.target?.level == .list)
        #expect(explanation.deciding == explanation.target)
        #expect(
            explanation.lines == [
                "anyone has level list on hst:open/link/f at 2026-06-01T00:00:00Z",
                "level read by its own path",
                "reached by a link that leads to closed/real/f: level list there",
                "granted by grant names (list to anyone on closed/**) in policies/names.yaml:1:1",
                "nearest: grant open (read to anyone on open/**) in policies/open.yaml:1:1",
                "  but its pattern open/** does not cover it",
            ])
    }

    @Test("Names are made safe for a terminal")
    func escapes() {
        let example = Example(rule("all", .grant(.read), "anyone"))
        #expect(explain(example, nil, "a\u{1b}[2J").lines[0].contains("a\\x1b[2J"))
    }
}
