import AccessControl
import ControlStore
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// What policies say.
@Suite struct PolicySetTests {
    @Test func `a volume says everything that it can`() throws {
        let files = try policies(
            """
            kind: Volume
            name: jwst
            title: James Webb Space Telescope
            abstract: |
              Two lines
              of text.
            domain: Space Science
            mission: JWST
            contact: help@example.org
            creator: ESA
            licence: CC BY 4.0
            doi: 10.5270/esa-xyz
            source: archive:jwst/data
            embargo: {after: t_max, months: 12, metadata: with-data}
            attributes:
              - path: "jw{proposal_id:5}*/**"
            revocation: hard
            audit: required
            """)
        let volume = try #require(files.volumes.first)
        #expect(volume.name.value.string == "jwst")
        #expect(volume.metadata.title == "James Webb Space Telescope")
        #expect(volume.metadata.abstract == "Two lines\nof text.")
        #expect(volume.metadata.licence == "CC BY 4.0")
        #expect(volume.metadata.doi == "10.5270/esa-xyz")
        #expect(volume.source?.value.root.string == "archive")
        #expect(volume.source?.value.subpath.description == "jwst/data")
        let key = try AttributeKey("t_max")
        #expect(volume.settings.embargo?.period == EmbargoPolicy.Period(after: key, months: 12))
        #expect(volume.settings.embargo?.metadataWithData == true)
        #expect(volume.settings.expressions.map(\.text) == ["jw{proposal_id:5}*/**"])
        #expect(volume.settings.isRevocationHard)
        #expect(volume.settings.isAuditRequired)
    }

    @Test func `a volume that says little is guarded by its rules alone`() throws {
        let files = try policies("kind: Volume\nname: hst\ntitle: HST\nembargo: {metadata: open}\n")
        let volume = try #require(files.volumes.first)
        #expect(volume.source == nil)
        #expect(volume.settings.embargo == EmbargoPolicy())
        #expect(!volume.settings.isRevocationHard)
    }

    @Test func `a team without a list of members leaves them to commands`() throws {
        let files = try policies(
            """
            kind: Team
            name: none
            members: []
            ---
            kind: Team
            name: open
            ---
            kind: Team
            name: full
            title: All of them
            members:
              - user: jane
                role: manager
                until: 2027-01-01
              - team: none
            """)
        #expect(files.teams.map { $0.members?.count } == [0, nil, 2])
        let jane = try #require(files.teams[2].members?.first)
        #expect(jane.value.member == .user(try UserName("jane")))
        #expect(jane.value.role == .manager)
        #expect(jane.value.until == (try Timestamp(parsing: "2027-01-01")))
        #expect(jane.place == FilePlace(file: "policies/p.yaml", line: 12, column: 11))
        #expect(files.teams[2].members?[1].value == Membership(member: .team(try TeamName("none"))))
    }

    @Test func `lists make a rule for each subject and path`() throws {
        let files = try policies(
            """
            kind: Policy
            volume: euclid
            rules:
              - name: open
                grant: read
                to: [team:a, "team:b-{proposal_id}#manager"]
                path: [x/**, "y/*.fits"]
                when: [embargoed, collection=hlsp]
                from: 2026-01-01
                until: 2027-01-01
              - {name: closed, deny: none, to: anyone}
            """)
        let rules = try #require(files.policies.first?.rules)
        #expect(rules.map(\.rule.name) == ["open.1", "open.2", "open.3", "open.4", "closed"])
        #expect(rules.map(\.group) == ["open", "open", "open", "open", "closed"])
        #expect(
            rules.map { "\($0.rule.subject)" } == [
                "team:a", "team:a", "team:b-{proposal_id}#manager", "team:b-{proposal_id}#manager",
                "anyone",
            ])
        #expect(rules.map(\.rule.pattern?.text) == ["x/**", "y/*.fits", "x/**", "y/*.fits", nil])
        #expect(rules[0].rule.effect == .grant(.read))
        #expect(rules[4].rule.effect == .denial(.none))
        #expect(
            rules[0].rule.conditions == [
                .embargoed, .attribute(try AttributeKey("collection"), equals: "hlsp"),
            ])
        #expect(rules[0].rule.from == (try Timestamp(parsing: "2026-01-01")))
        #expect(rules[0].rule.until == (try Timestamp(parsing: "2027-01-01")))
        #expect(rules[0].rule.place == "policies/p.yaml")
        #expect(rules[2].subjectPlace == FilePlace(file: "policies/p.yaml", line: 6, column: 18))
    }

    @Test func `several documents and files make one set`() throws {
        let files = try PolicySet([
            source("kind: Team\nname: a\n---\nkind: Team\nname: b\n...\n", "1.yaml"),
            source("# nothing yet\n", "2.yaml"),
            source("---\n---\nkind: Team\nname: c\n", "3.yaml"),
            source("", "4.yaml"),
        ])
        #expect(files.teams.map(\.name.value.string) == ["a", "b", "c"])
        #expect(try PolicySet([source("", "4.yaml")]).isEmpty)
    }
}
