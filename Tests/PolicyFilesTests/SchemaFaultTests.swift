import AccessControl
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// What policies may not say.
@Suite struct SchemaFaultTests {
    private static let team = "kind: Team\nname: euclid\n"
    private static let volume = "kind: Volume\nname: hst\ntitle: Hubble\n"
    private static let policy = "kind: Policy\nvolume: hst\nrules:\n  - name: open\n"

    @Test func `an unknown key is told where it stands, and what may be meant`() {
        expectFault(Self.team + "naem: x\n", 3, 1, "a Team has no key 'naem'", "written name")
        expectFault(Self.team + "Name: x\n", 3, 1, "no key 'Name'", "written name")
        expectFault(
            Self.team + "colour: x\n", 3, 1, "no key 'colour'", "kind, name, title, members")
        expectFault(
            Self.policy + "    grnt: read\n    grant: read\n    to: anyone\n", 5, 5, "grant")
        expectFault(Self.volume + "embargo: {months: 1, after: x, until: y}\n", 4, 32, "'until'")
        expectFault(Self.team + "members:\n  - user: a\n    roel: owner\n", 5, 5, "written role")
        expectFault(Self.volume + "attributes:\n  - path: \"{a}\"\n    key: b\n", 6, 5, "'key'")
    }

    @Test func `a key that is missing is told where its mapping begins`() {
        expectFault("kind: Team\ntitle: x\n", 1, 1, "needs the key `name`")
        expectFault("---\nkind: Volume\nname: hst\n", 2, 1, "needs the key `title`")
        expectFault("name: a\n", 1, 1, "does not say what it is", "kind: Volume, Team or Policy")
        expectFault("kind: Policy\nvolume: hst\n", 1, 1, "needs the key `rules`")
        expectFault(Self.policy + "    grant: read\n", 4, 5, "needs the key `to`")
        expectFault(Self.policy + "    to: anyone\n", 4, 5, "either `grant` or `deny`")
        expectFault(
            Self.policy + "    to: anyone\n    grant: read\n    deny: list\n", 4, 5,
            "either `grant` or `deny`")
        expectFault(Self.team + "members:\n  - role: owner\n", 4, 5, "either a `user` or a `team`")
        expectFault(Self.team + "members:\n  - {user: a, team: b}\n", 4, 5, "either a `user`")
        expectFault(Self.volume + "embargo: {after: t_max}\n", 4, 10, "both `after` and `months`")
    }

    @Test func `a value of another type is told, and what it is`() {
        expectFault("kind: Team\nname: [a]\n", 2, 7, "`name` is text, and this is a list")
        expectFault(Self.team + "title:\n", 3, 7, "`title` is empty")
        expectFault(Self.team + "title: \"\"\n", 3, 8, "`title` is empty")
        expectFault(Self.team + "title: \" \"\n", 3, 8, "blank")
        expectFault(Self.team + "title: \"a\\nb\"\n", 3, 8, "single line")
        expectFault(Self.volume + "abstract: \"a\\0b\"\n", 4, 11, "NUL")
        expectFault(Self.team + "members: jane\n", 3, 10, "`members` is a list, and this is text")
        expectFault(Self.team + "members: {user: jane}\n", 3, 10, "this is a mapping")
        expectFault(Self.team + "members: [jane]\n", 3, 11, "a member is a mapping")
        expectFault("kind: Policy\nvolume: hst\nrules: {a: b}\n", 3, 8, "list")
        expectFault(Self.volume + "embargo: 12\n", 4, 10, "mapping", "a number")
        expectFault("kind: [Team]\n", 1, 7, "`kind` is text")
        expectFault(Self.policy + "    grant: read\n    to: []\n", 6, 9, "list of `to` is empty")
    }

    @Test(arguments: [
        ("yes", "yes or no"), ("No", "yes or no"), ("true", "yes or no"), ("off", "yes or no"),
        ("~", "nothing"), ("null", "nothing"), ("12", "a number"), ("0012", "a number"),
        ("0x1F", "a number"), ("1e3", "a number"), ("1.5", "a number"), (".5", "a number"),
        ("-7", "a number"), ("1_000", "a number"), ("12:30", "a number"), (".inf", "a number"),
    ])
    func `text that YAML takes for something else has to be quoted`(_ text: String, _ kind: String)
        throws
    {
        expectFault(
            Self.team + "title: \(text)\n", 3, 8, "\(text) without quotes is \(kind)",
            "write \"\(text)\"")
        #expect(try policies(Self.team + "title: \"\(text)\"\n").teams.first?.title == text)
    }

    @Test(arguments: [
        "1.2.3", "12a", "e5", "0xg", "jw01288", "1-2", "2026-01-01",
    ])
    func `text that only looks like a number is taken`(_ text: String) throws {
        #expect(try policies(Self.team + "title: \(text)\n").teams.first?.title == text)
    }

    @Test func `instants stand with quotes or without`() throws {
        for text in ["2027-01-01", "\"2027-01-01\"", "2027-01-01T00:00:00Z"] {
            let files = try policies(Self.team + "members:\n  - {user: a, until: \(text)}\n")
            let expected = try Timestamp(parsing: "2027-01-01")
            #expect(files.teams.first?.members?.first?.value.until == expected)
        }
        for text in ["2027-13-01", "2027-02-30", "tomorrow", "01.01.2027", "2027-01-01 00:00"] {
            expectFault(
                Self.team + "members:\n  - {user: a, until: \(text)}\n", 4, 22, text, "2026-01-31")
        }
    }

    @Test func `whole numbers stand without quotes, and in their range`() {
        for text in ["\"12\"", "012", "0x10", "1.0", "-1", "1201", "twelve", "[12]", "1_0"] {
            expectFault(
                Self.volume + "embargo: {after: t_max, months: \(text)}\n", 4, 33,
                "whole number, 0 to 1200")
        }
    }

    @Test func `words that are none are told with those that are`() {
        expectFault("kind: Volumes\n", 1, 7, "no kind 'Volumes'", "Volume, Team or Policy")
        expectFault("kind: User\nname: jane\n", 1, 7, "perigee user add")
        expectFault("kind: Test\n", 1, 7, "perigee policy test")
        expectFault(Self.volume + "revocation: strong\n", 4, 13, "soft or hard")
        expectFault(Self.volume + "audit: always\n", 4, 8, "best-effort or required")
        expectFault(Self.volume + "embargo: {metadata: closed}\n", 4, 21, "open or with-data")
        expectFault(
            Self.policy + "    to: anyone\n    grant: write\n", 6, 12, "read, list or discover")
        expectFault(
            Self.policy + "    to: anyone\n    deny: read\n", 6, 11, "none, discover or list")
        expectFault(Self.team + "members:\n  - {user: a, role: boss}\n", 4, 21, "owner, manager")
    }

    @Test func `names that are none are told where they stand`() {
        expectFault("kind: Team\nname: Euclid Team\n", 2, 7, "no team name", "a-z")
        expectFault("kind: Volume\nname: data\ntitle: x\n", 2, 7, "reserved")
        expectFault("kind: Policy\nvolume: h\nrules: []\n", 2, 9, "no volume name")
        expectFault(Self.volume + "source: hst\n", 4, 9, "names no root", "archive:hst")
        expectFault(Self.volume + "source: archive:a/../b\n", 4, 9, "a/../b")
        expectFault(Self.volume + "source: AR:b\n", 4, 9, "origin root")
        expectFault(Self.team + "members:\n  - user: Jane\n", 4, 11, "no user name")
        expectFault(Self.team + "members:\n  - team: a-\n", 4, 11, "no team name")
        for name in ["Open", "a b", "x.12", "-a", String(repeating: "a", count: 61)] {
            expectFault(
                "kind: Policy\nvolume: hst\nrules:\n  - name: \(name)\n    grant: read\n"
                    + "    to: anyone\n", 4, 11, "no name for a rule")
        }
        for (subject, words) in [
            ("everybody", "no subject"), ("\"user:\"", "no user name"), ("team:a#boss", "no role"),
            ("\"team:{x\"", "unbalanced"), ("\"team:a-{X}\"", "no attribute key"),
        ] {
            expectFault(Self.policy + "    grant: read\n    to: \(subject)\n", 6, 9, words)
        }
        for (condition, words) in [
            ("public", "no condition"), ("a=", "is none"), ("A=b", "no attribute key"),
        ] {
            expectFault(
                Self.policy
                    + "    grant: read\n    to: anyone\n    when: [released, \(condition)]\n",
                7, 22, words)
        }
    }

    @Test func `patterns that are none are told where they stand`() {
        for (pattern, words) in [
            ("a/../b", "segment"), ("a//b", "segment"), ("\"{a\"", "brace"), ("\"a}\"", "brace"),
            ("/a", "segment"), ("a**", "whole segment"),
        ] {
            expectFault(
                Self.policy + "    grant: read\n    to: anyone\n    path: [x, \(pattern)]\n", 7, 15,
                words)
        }
        let long = String(repeating: "*a", count: 5_000)
        expectFault(
            Self.policy + "    grant: read\n    to: anyone\n    path: \"\(long)\"\n", 7, 11, "4,096"
        )
    }

    @Test func `two documents of one object, and two rules of one name, are told at the second`() {
        expectFault(Self.team + "---\n" + Self.team, 5, 7, "a Team euclid already", "p.yaml:2:7")
        expectFault(Self.volume + "---\n" + Self.volume, 6, 7, "a Volume hst already")
        let empty = "kind: Policy\nvolume: hst\nrules: []\n"
        expectFault(empty + "---\n" + empty, 6, 9, "a Policy of hst already")
        let rule = "    grant: read\n    to: anyone\n"
        expectFault(
            Self.policy + rule + "  - name: open\n" + rule, 7, 11, "rule 'open' already", "line 4")
        expectFault(
            Self.team + "members:\n  - user: a\n  - {user: a, role: owner}\n", 5, 12,
            "user:a is a member already", "line 4")
        let found = faults([source(Self.team, "a.yaml"), source(Self.team, "b.yaml")])
        #expect(found.map(\.place) == [FilePlace(file: "b.yaml", line: 2, column: 7)])
        #expect(found.first?.remedy.contains("a.yaml:2:7") == true)
    }

    @Test func `a rule that can never match is told where it begins`() {
        let rule = Self.policy + "    grant: read\n    to: anyone\n"
        expectFault(
            rule + "    from: 2027-01-01\n    until: 2026-01-01\n", 4, 5,
            "the rule open has no time in which it holds", "can never match")
        expectFault(rule + "    when: [embargoed, released]\n", 4, 5, "at once")
        expectFault(rule + "    when: [a=x, a=y]\n", 4, 5, "two values of a")
        let embargoed = rule + "    when: embargoed\n"
        expectFault(Self.volume + "---\n" + embargoed, 8, 5, "the volume has no embargo")
        #expect(faults(embargoed) == [], "the state knows whether it has one")
        let open = "embargo: {metadata: open}\n---\n"
        #expect(faults(Self.volume + open + embargoed) == [])
    }

    @Test func `lists that would make too many rules are refused`() {
        let subjects = (0..<40).map { "user:u\($0)" }.joined(separator: ", ")
        let paths = (0..<30).map { "p\($0)" }.joined(separator: ", ")
        expectFault(
            Self.policy + "    grant: read\n    to: [\(subjects)]\n    path: [\(paths)]\n", 4, 5,
            "more than 999 rules")
    }

    @Test func `a file that is refused gives nothing, whatever else is right`() {
        let files = [source(Self.team, "a.yaml"), source(Self.volume + "x: y\n", "b.yaml")]
        #expect(faults(files).map(\.place.file) == ["b.yaml"])
    }
}
