import AccessControl
import ControlStore
import PerigeeTesting
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// What is done so that a state is as the files say.
@Suite struct PlanTests {
    /// A store with the root `archive`, the users jane and joe, and the volume hst.
    private func withSite(_ body: (SQLiteControlStore) throws -> Void) throws {
        try withStore { store in
            let root = try RootName("archive")
            try store.addRoot(OriginRoot(name: root, origin: .posix(path: "/archive")))
            try store.addVolume(
                VolumeDraft(
                    name: try VolumeName("hst"), metadata: VolumeMetadata(title: "HST"),
                    sources: [SourceDraft(root: root, subpath: try EntryPath("hst"))]))
            try store.perform(
                [.addUser(try UserName("jane")), .addUser(try UserName("joe"))], at: nil)
            try body(store)
        }
    }

    /// Plans a text, does it, and looks that nothing is left to do.
    @discardableResult
    private func apply(
        _ text: String, to store: SQLiteControlStore,
        _ options: PolicyPlan.Options = PolicyPlan.Options()
    ) throws -> PolicyPlan {
        let files = try policies(text)
        let plan = try PolicyPlan(files, on: try store.snapshot(), options)
        try store.perform(plan.operations, at: plan.epoch)
        let again = try PolicyPlan(files, on: try store.snapshot(), options)
        #expect(again.isEmpty, "\(again.changes)")
        #expect(again.changes == [])
        return plan
    }

    private func lines(_ plan: PolicyPlan) -> [String] { plan.changes.map { "\($0)" } }

    private static let whole = """
        kind: Volume
        name: jwst
        title: JWST
        mission: JWST
        source: archive:jwst
        embargo: {after: t_max, months: 12}
        attributes:
          - path: "jw{proposal_id:5}*/**"
        ---
        kind: Team
        name: board
        title: The board
        members:
          - {user: jane, role: manager, until: 2027-01-01}
          - team: staff
        ---
        kind: Team
        name: staff
        members: [{user: joe}]
        ---
        kind: Policy
        volume: jwst
        rules:
          - {name: open, grant: read, to: anyone, when: released}
          - {name: board, grant: list, to: [team:board, user:joe], path: "x/**"}
        """

    @Test func `what is not there is made, whatever order it is written in`() throws {
        try withSite { store in
            let plan = try apply(Self.whole, to: store)
            #expect(
                lines(plan) == [
                    """
                    + volume jwst
                        source archive:jwst
                        title 'JWST'
                        mission 'JWST'
                        embargo 12 months after t_max, metadata open
                        attributes 'jw{proposal_id:5}*/**'
                    """,
                    """
                    + team board
                        title 'The board'
                        + user:jane as manager until 2027-01-01T00:00:00Z
                        + team:staff
                    """,
                    "+ team staff: + user:joe",
                    "+ rule jwst/open: grant read to anyone, when released",
                    "+ rule jwst/board.1: grant list to team:board, path 'x/**'",
                    "+ rule jwst/board.2: grant list to user:joe, path 'x/**'",
                ])
            #expect(
                plan.summary(isDone: false) == "6 to add, 0 to change, 0 to remove, 0 unchanged")
            let snapshot = try store.snapshot()
            let record = try #require(snapshot.volume(named: try VolumeName("jwst")))
            #expect(record.label == "policies")
            #expect(!record.isPublic)
            #expect(snapshot.teams[try TeamName("staff")] == TeamRecord(label: "policies"))
            #expect(snapshot.ruleLabels[record.name]?.count == 3)
            let again = try PolicyPlan(try policies(Self.whole), on: snapshot, .init())
            #expect(again.unchanged == 6)
            #expect(again.epoch == snapshot.epoch)
        }
    }

    @Test func `what differs is changed, and said how`() throws {
        try withSite { store in
            try apply(Self.whole, to: store)
            let changed = Self.whole
                .replacing("title: JWST", with: "title: Webb")
                .replacing("mission: JWST", with: "abstract: More")
                .replacing("months: 12", with: "months: 24, metadata: with-data")
                .replacing(
                    "jw{proposal_id:5}*/**\"", with: "jw{proposal_id:5}*\"\nrevocation: hard"
                )
                .replacing("title: The board", with: "title: Board")
                .replacing("{user: jane, role: manager, until: 2027-01-01}", with: "user: jane")
                .replacing("[{user: joe}]", with: "[{user: jane}]")
                .replacing("read, to: anyone, when: released", with: "discover, to: authenticated")
                .replacing(
                    "grant: list, to: [team:board, user:joe]", with: "deny: none, to: team:board")
            let plan = try apply(changed, to: store)
            #expect(
                lines(plan) == [
                    """
                    ~ volume jwst
                        title 'JWST' -> 'Webb'
                        abstract none -> 'More'
                        mission 'JWST' -> none
                        embargo 12 months after t_max, metadata open -> 24 months after t_max, \
                    metadata with the data
                        attributes 'jw{proposal_id:5}*/**' -> 'jw{proposal_id:5}*'
                        revocation soft -> hard
                    """,
                    """
                    ~ team board
                        title 'The board' -> 'Board'
                        ~ user:jane as manager until 2027-01-01T00:00:00Z -> user:jane
                    """,
                    """
                    ~ team staff
                        + user:jane
                        - user:joe
                    """,
                    """
                    ~ rule jwst/open
                        grant read -> discover
                        to anyone -> authenticated
                        when released -> none
                    """,
                    "+ rule jwst/board: deny none to team:board, path 'x/**'",
                    "- rule jwst/board.1: grant list to team:board, path 'x/**'",
                    "- rule jwst/board.2: grant list to user:joe, path 'x/**'",
                ])
        }
    }

    @Test func `a subject taken out of a rule's list loses the rule without prune`() throws {
        try withSite { store in
            let rule = "kind: Policy\nvolume: hst\nrules:\n  - {name: some, grant: read, to: "
            try apply(rule + "[user:jane, user:joe]}\n", to: store)
            try apply(rule + "user:jane}\n", to: store)
            let rules = try store.snapshot().policy.volumes[try VolumeName("hst")]?.rules
            #expect(rules?.map { "\($0.subject)" } == ["user:jane"])
        }
    }

    @Test func `what is in no file any more stays without prune, and goes with it`() throws {
        try withSite { store in
            try apply(Self.whole, to: store)
            let rest = "kind: Team\nname: other\n"
            let kept = try apply(rest, to: store)
            #expect(
                kept.kept.map { "\($0)" } == [
                    "= volume jwst: in no file, kept; --prune lets go of it",
                    "= rule jwst/board.1: in no file, kept; --prune removes it",
                    "= rule jwst/board.2: in no file, kept; --prune removes it",
                    "= rule jwst/open: in no file, kept; --prune removes it",
                    "= team board: in no file, kept; --prune removes it",
                    "= team staff: in no file, kept; --prune removes it",
                ])
            let pruned = try apply(rest, to: store, .init(isPruning: true))
            #expect(
                pruned.summary(isDone: false) == "0 to add, 0 to change, 6 to remove, 1 unchanged")
            #expect(pruned.kept == [])
            let snapshot = try store.snapshot()
            #expect(snapshot.teams.keys.map(\.string) == ["other"])
            let record = try #require(snapshot.volume(named: try VolumeName("jwst")))
            #expect(record.label == nil)
            #expect(record.settings.embargo != nil, "what was closed does not open by itself")
            #expect(snapshot.policy.volumes[record.name]?.rules == [])
        }
    }

    @Test func `a team that something else names is not pruned, nor what it holds`() throws {
        try withSite { store in
            try apply(Self.whole, to: store)
            let rule = AccessRule(
                name: "mine", effect: .grant(.read),
                subject: .team(TeamTemplate(try TeamName("board")), .owner))
            try store.perform([.setRule(try VolumeName("hst"), rule, label: nil)], at: nil)
            let plan = try apply("kind: Team\nname: other\n", to: store, .init(isPruning: true))
            #expect(
                plan.kept.map { "\($0)" } == [
                    "= team board: in no file, kept; the rule hst/mine names it",
                    "= team staff: in no file, kept; the team board names it",
                ])
        }
    }

    @Test func `what a command or another label made is taken over only with adopt`() throws {
        try withSite { store in
            try apply("kind: Team\nname: theirs\n", to: store, .init(label: "theirs"))
            try store.perform([.setTeam(try TeamName("made"), TeamRecord(title: "x"))], at: nil)
            try store.setPublic(true, volume: try VolumeName("hst"))
            let text = """
                kind: Volume
                name: hst
                title: HST
                ---
                kind: Team
                name: theirs
                ---
                kind: Team
                name: made
                title: x
                ---
                kind: Policy
                volume: hst
                rules:
                  - {name: public, grant: read, to: anyone}
                """
            let files = try policies(text)
            let found = planFaults(files, on: try store.snapshot())
            #expect(
                found.map(\.message) == [
                    "there is a volume hst already, made by a command",
                    "there is a team theirs already, made by the files with the label theirs",
                    "there is a team made already, made by a command",
                    "there is a rule hst/public already, made by a command",
                ])
            #expect(found.map(\.place.line) == [2, 6, 9, 15])
            #expect(found.allSatisfy { $0.remedy.contains("--adopt") })
            let plan = try apply(text, to: store, .init(isAdopting: true))
            #expect(
                lines(plan) == [
                    "~ volume hst: label none -> policies",
                    "~ team theirs: label theirs -> policies",
                    "~ team made: label none -> policies",
                    """
                    ~ rule hst/public
                        label none -> policies
                        file volume set --public -> policies/p.yaml
                    """,
                ])
            #expect(try store.volume(named: try VolumeName("hst")).isPublic)
        }
    }

    @Test func `two labels keep out of each other's way`() throws {
        try withSite { store in
            let one = "kind: Policy\nvolume: hst\nrules:\n  - {name: a, grant: read, to: anyone}\n"
            let two = "kind: Policy\nvolume: hst\nrules:\n  - {name: b, grant: list, to: anyone}\n"
            try apply(one, to: store, .init(label: "one"))
            let plan = try apply(two, to: store, .init(label: "two", isPruning: true))
            #expect(
                plan.summary(isDone: false) == "1 to add, 0 to change, 0 to remove, 0 unchanged")
            #expect(plan.kept == [])
        }
    }

    @Test func `names that lead nowhere are told where they stand`() throws {
        try withSite { store in
            let files = try policies(
                """
                kind: Volume
                name: nowhere
                title: x
                ---
                kind: Volume
                name: lost
                title: x
                source: missing:x
                ---
                kind: Volume
                name: hst
                title: x
                source: archive:elsewhere
                ---
                kind: Team
                name: a-team
                members:
                  - user: nobody
                  - team: no-team
                ---
                kind: Policy
                volume: absent
                rules:
                  - name: r
                    grant: read
                    to: [user:nobody, team:no-team, "team:no-{x}", team:a-team]
                    path: [a, b]
                """)
            let found = planFaults(files, on: try store.snapshot(), .init(isAdopting: true))
            #expect(
                found.map { "\($0.place.line):\($0.place.column) \($0.message)" } == [
                    "2:7 there is no volume nowhere", "8:9 there is no root missing",
                    "13:9 the volume hst has another source, archive:hst",
                    "18:11 there is no user nobody", "19:11 there is no team no-team",
                    "22:9 there is no volume absent", "26:10 there is no user nobody",
                    "26:23 there is no team no-team",
                ])
            #expect(
                found.map(\.remedy) == [
                    "add a line source: ROOT:SUBPATH to make it, or perigee volume add nowhere",
                    "perigee root add missing --origin posix:PATH",
                    "write that one, or leave the key out", "perigee user add nobody",
                    "write a document kind: Team, or perigee team add no-team",
                    "write a document kind: Volume, or perigee volume add absent",
                    "perigee user add nobody",
                    "write a document kind: Team, or perigee team add no-team",
                ])
        }
    }

    @Test func `a rule about an embargo that the volume lacks is told`() throws {
        try withSite { store in
            let text =
                "kind: Policy\nvolume: hst\nrules:\n"
                + "  - {name: early, grant: read, to: user:jane, when: embargoed}\n"
            let found = planFaults(try policies(text), on: try store.snapshot())
            #expect(found.map(\.place.line) == [4])
            #expect(found.first?.message.contains("has no embargo") == true)
        }
    }

    @Test func `a team that the same run would prune leads nowhere`() throws {
        try withSite { store in
            try apply("kind: Team\nname: old\n", to: store)
            let files = try policies("kind: Team\nname: new\nmembers: [{team: old}]\n")
            #expect(planFaults(files, on: try store.snapshot()) == [])
            let found = planFaults(files, on: try store.snapshot(), .init(isPruning: true))
            #expect(found.map(\.place.line) == [3])
            #expect(found.first?.message.contains("--prune would remove it") == true)
        }
    }

    @Test func `teams that would hold themselves are told once, in files and over the state`()
        throws
    {
        try withSite { store in
            let cycle = """
                kind: Team
                name: a
                members: [{team: b}]
                ---
                kind: Team
                name: b
                members:
                  - team: c
                  - team: self
                ---
                kind: Team
                name: c
                members: [{user: jane}, {team: a}]
                ---
                kind: Team
                name: self
                members: [{team: self}]
                """
            let found = planFaults(try policies(cycle), on: try store.snapshot())
            #expect(
                found.map { "\($0.place.line):\($0.place.column) \($0.message)" } == [
                    "3:18 the team a would hold itself: a > b > c > a",
                    "17:18 the team self would hold itself: self > self",
                ])
            try apply(
                "kind: Team\nname: low\n---\nkind: Team\nname: top\nmembers: [{team: low}]",
                to: store)
            let over = try policies("kind: Team\nname: low\nmembers:\n  - team: top\n")
            #expect(
                planFaults(over, on: try store.snapshot()).map(\.message) == [
                    "the team low would hold itself: low > top > low"
                ])
        }
    }

    @Test func `teams change places in one step`() throws {
        try withSite { store in
            let nested = { (outer: String, inner: String) in
                "kind: Team\nname: \(outer)\nmembers: [{team: \(inner)}]\n---\n"
                    + "kind: Team\nname: \(inner)\nmembers: []\n"
            }
            try apply(nested("a", "b"), to: store)
            try apply(nested("b", "a"), to: store)
        }
    }

    @Test func `a state that somebody changed meanwhile is left as it is`() throws {
        try withSite { store in
            let plan = try PolicyPlan(try policies(Self.whole), on: try store.snapshot(), .init())
            try store.perform([.addUser(try UserName("new"))], at: nil)
            let before = try store.snapshot()
            let error = failure { try store.perform(plan.operations, at: plan.epoch) }
            #expect(error?.code == .conflict)
            #expect(try store.snapshot() == before)
        }
    }
}
