import AccessControl
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Operations on who may see what")
struct OperationTests {
    private let alice: UserName
    private let bob: UserName
    private let hubble: TeamName
    private let stis: TeamName
    private let volume: VolumeName

    init() throws {
        alice = try UserName("alice@esa.int")
        bob = try UserName("bob")
        hubble = try TeamName("hst")
        stis = try TeamName("stis")
        volume = try VolumeName("hst-stis")
    }

    /// A store with the sample volume, two users, and the team `hst` that holds `stis`.
    private func withPeople(_ body: (SQLiteControlStore) throws -> Void) throws {
        try withStore { store in
            try store.addSample()
            try store.perform(
                [
                    .addUser(alice), .addUser(bob),
                    .setTeam(hubble, TeamRecord(title: "Hubble", label: "policies")),
                    .setTeam(stis, TeamRecord()),
                    .setMembership(hubble, Membership(member: .team(stis))),
                    .setMembership(
                        stis,
                        Membership(
                            member: .user(alice), role: .manager,
                            until: Timestamp(nanoseconds: 5_000_000_000))),
                ], at: nil)
            try body(store)
        }
    }

    @Test("Users, teams and memberships are in the snapshot as they were set")
    func people() throws {
        try withPeople { store in
            let snapshot = try store.snapshot()
            #expect(snapshot.policy.users == [alice: UserRecord(), bob: UserRecord()])
            #expect(
                snapshot.teams == [
                    hubble: TeamRecord(title: "Hubble", label: "policies"), stis: TeamRecord(),
                ])
            #expect(
                snapshot.policy.teams == [
                    hubble: [Membership(member: .team(stis))],
                    stis: [
                        Membership(
                            member: .user(alice), role: .manager,
                            until: Timestamp(nanoseconds: 5_000_000_000))
                    ],
                ])
            try store.perform(
                [
                    .setUserDisabled(bob, true),
                    .setMembership(stis, Membership(member: .user(alice))),
                    .removeMembership(hubble, .team(stis)),
                ], at: snapshot.epoch)
            let next = try store.snapshot()
            #expect(next.policy.users[bob]?.isDisabled == true)
            #expect(
                next.policy.teams == [hubble: [], stis: [Membership(member: .user(alice))]])
            try store.perform([.removeUser(alice), .removeTeam(stis)], at: nil)
            #expect(try store.snapshot().policy.teams == [hubble: []])
        }
    }

    @Test("What an operation finds missing, there already or in use is its error")
    func errors() throws {
        let nobody = try UserName("nobody")
        let nowhere = try TeamName("nowhere")
        let missing = try VolumeName("missing")
        let rule = AccessRule(name: "a", effect: .grant(.read), subject: .anyone)
        let toAlice = AccessRule(name: "b", effect: .grant(.list), subject: .user(alice))
        let toTeam = AccessRule(
            name: "c", effect: .denial(.none), subject: .team(TeamTemplate(stis), .owner))
        let cases: [(ControlOperation, PerigeeError.Code)] = [
            (.addUser(alice), .conflict),
            (.setUserDisabled(nobody, true), .notFound),
            (.removeUser(nobody), .notFound),
            (.removeUser(alice), .conflict),
            (.removeTeam(nowhere), .notFound),
            (.removeTeam(stis), .conflict),
            (.setMembership(nowhere, Membership(member: .user(alice))), .notFound),
            (.setMembership(stis, Membership(member: .user(nobody))), .notFound),
            (.setMembership(stis, Membership(member: .team(nowhere))), .notFound),
            (.setMembership(stis, Membership(member: .team(stis))), .conflict),
            (.setMembership(stis, Membership(member: .team(hubble))), .conflict),
            (.removeMembership(stis, .user(bob)), .notFound),
            (.removeMembership(nowhere, .user(bob)), .notFound),
            (.addVolume(try .sample(), making: nil), .conflict),
            (.setMetadata(missing, VolumeMetadata(title: "x")), .notFound),
            (.setMetadata(volume, VolumeMetadata(title: " ")), .invalidArgument),
            (.setMetadata(volume, VolumeMetadata(title: "a\nb")), .invalidArgument),
            (.setSettings(missing, VolumeSettings(isAuditRequired: true)), .notFound),
            (.setLabel(missing, nil), .notFound),
            (.setLabel(volume, ""), .invalidArgument),
            (.setRule(missing, rule, label: nil), .notFound),
            (
                .setRule(
                    volume,
                    AccessRule(name: "x", effect: .grant(.read), subject: .user(nobody)),
                    label: nil), .notFound
            ),
            (
                .setRule(
                    volume,
                    AccessRule(
                        name: "x", effect: .grant(.read),
                        subject: .team(TeamTemplate(nowhere), .member)), label: nil), .notFound
            ),
            (.removeRule(volume, name: "a"), .notFound),
            (.removeRule(missing, name: "a"), .notFound),
            (.setAttributeRows(missing, []), .notFound),
            (.setReleases(missing, []), .notFound),
            (.classesAssigned(missing, entries: 1), .notFound),
        ]
        try withPeople { store in
            try store.perform(
                [
                    .setRule(volume, toAlice, label: nil), .setRule(volume, toTeam, label: nil),
                ], at: nil)
            let before = try store.snapshot()
            for (operation, code) in cases {
                // The change before the refused one is undone with it.
                let error = failure {
                    try store.perform([.setUserDisabled(bob, true), operation], at: nil)
                }
                #expect(error?.code == code, "\(operation): \(String(describing: error))")
            }
            #expect(try store.snapshot() == before)
        }
    }

    @Test("Rules come back as they were set, with their labels, and are replaced by name")
    func rules() throws {
        try withPeople { store in
            let template = try TeamTemplate(parsing: "jwst-{proposal_id}")
            let proposal = try AttributeKey("proposal_id")
            var rule = AccessRule(
                name: "early-data.1", effect: .grant(.read), subject: .team(template, .manager),
                pattern: try PathPattern("jw*/**"),
                conditions: [
                    .embargoed, .attribute(proposal, equals: "a=b, c"), .released,
                    .attribute(proposal, equals: ""),
                ], from: Timestamp(nanoseconds: -1), until: Timestamp(nanoseconds: 9),
                place: "policies/jwst.yaml:14:5")
            let cap = AccessRule(
                name: "cap", effect: .denial(.discover), subject: .user(alice))
            try store.perform(
                [
                    .setRule(volume, rule, label: "policies"), .setRule(volume, cap, label: nil),
                ], at: nil)
            var snapshot = try store.snapshot()
            #expect(snapshot.policy.volumes[volume]?.rules == [cap, rule])
            #expect(snapshot.ruleLabels == [volume: [rule.name: "policies"]])
            try store.perform([.setRule(volume, rule, label: "policies")], at: nil)
            #expect(try store.snapshot() == snapshot)
            rule.effect = .grant(.list)
            try store.perform(
                [.setRule(volume, rule, label: nil), .removeRule(volume, name: "cap")], at: nil)
            snapshot = try store.snapshot()
            #expect(snapshot.policy.volumes[volume]?.rules == [rule])
            #expect(snapshot.ruleLabels.isEmpty)
        }
    }

    @Test("Settings, labels and tables come back as they were set")
    func guarding() throws {
        try withPeople { store in
            let key = try AttributeKey("proposal_id")
            let settings = VolumeSettings(
                embargo: EmbargoPolicy(
                    period: .init(after: try AttributeKey("t_max"), months: 12),
                    metadataWithData: true),
                expressions: [
                    try PathExpression("jw{proposal_id:5}*/**"), try PathExpression("{a}/**"),
                ], isRevocationHard: true, isAuditRequired: true)
            let rows = [
                AttributeRow(pattern: try PathPattern("b/**"), key: key, value: "2", line: 7),
                AttributeRow(pattern: try PathPattern("a/**"), key: key, value: "1", line: 9),
            ]
            let releases = [
                ReleaseRow(key: key, value: "2", metadata: nil, data: Timestamp(nanoseconds: 1)),
                ReleaseRow(key: key, value: "1", metadata: Timestamp(nanoseconds: -1), data: nil),
            ]
            try store.perform(
                [
                    .setSettings(volume, settings), .setLabel(volume, "policies"),
                    .setAttributeRows(volume, rows), .setReleases(volume, releases),
                ], at: nil)
            let snapshot = try store.snapshot()
            #expect(snapshot.volume(named: volume)?.settings == settings)
            #expect(snapshot.volume(named: volume)?.label == "policies")
            #expect(snapshot.policy.volumes[volume]?.embargo == settings.embargo)
            #expect(snapshot.policy.volumes[volume]?.releases == releases)
            #expect(
                try store.attributeSource(of: volume)
                    == AttributeSource(expressions: settings.expressions, rows: rows))
            try store.perform(
                [
                    .setSettings(volume, settings), .setLabel(volume, "policies"),
                    .setAttributeRows(volume, rows), .setReleases(volume, releases),
                    .classesAssigned(volume, entries: 0),
                ], at: snapshot.epoch)
            #expect(try store.snapshot() == snapshot)
            try store.perform(
                [
                    .setSettings(volume, VolumeSettings()), .setLabel(volume, nil),
                    .setAttributeRows(volume, []), .setReleases(volume, []),
                ], at: nil)
            #expect(try store.snapshot().volume(named: volume)?.settings == VolumeSettings())
            #expect(try store.attributeSource(of: volume) == AttributeSource())
        }
    }

    @Test("Equal classes have one number for ever, and the class of nothing is 0")
    func classes() throws {
        try withPeople { store in
            let key = try AttributeKey("proposal_id")
            let other = try AttributeKey("instrument")
            let plain = AccessClass(attributes: [key: "1288", other: "nircam"])
            let inside = AccessClass(
                link: .init(path: Array("a".utf8), target: [], targetClass: AccessClassID(1)))
            let outside = AccessClass(
                link: .init(path: Array("a".utf8), target: nil, targetClass: .none))
            let first = try store.number(
                [AccessClass(), plain, plain, inside, outside], of: volume)
            #expect(first.map(\.value) == [0, 1, 1, 2, 3])
            let epoch = try store.snapshot().epoch
            #expect(
                try store.number([outside, plain], of: volume).map(\.value) == [3, 1])
            #expect(try store.snapshot().epoch == epoch)
            #expect(
                try store.number([AccessClass(attributes: [key: "1"])], of: volume).map(\.value)
                    == [4])
            let snapshot = try store.snapshot()
            #expect(snapshot.epoch > epoch)
            #expect(
                snapshot.policy.volumes[volume]?.classes == [
                    AccessClassID(1): plain, AccessClassID(2): inside, AccessClassID(3): outside,
                    AccessClassID(4): AccessClass(attributes: [key: "1"]),
                ])
            let dangling = AccessClass(
                link: .init(path: [97], target: [98], targetClass: AccessClassID(9)))
            #expect(failure { _ = try store.number([dangling], of: volume) }?.code == .notFound)
            let twice = AccessClass(
                link: .init(path: [97], target: [98], targetClass: AccessClassID(2)))
            #expect(
                failure { _ = try store.number([twice], of: volume) }?.code == .invalidArgument)
            let lines = AccessClass(attributes: [key: "a\nb"])
            #expect(
                failure { _ = try store.number([lines], of: volume) }?.code == .invalidArgument)
            #expect(
                failure { _ = try store.number([plain], of: VolumeName("missing")) }?.code
                    == .notFound)
        }
    }

    @Test("A removed volume takes its rules, tables and classes along")
    func removedVolume() throws {
        try withPeople { store in
            let key = try AttributeKey("proposal_id")
            _ = try store.number([AccessClass(attributes: [key: "1"])], of: volume)
            try store.setPublic(true, volume: volume)
            try store.perform(
                [
                    .setReleases(
                        volume, [ReleaseRow(key: key, value: "1", metadata: nil, data: nil)])
                ], at: nil)
            try store.removeVolume(named: volume)
            #expect(try store.snapshot().policy.volumes.isEmpty)
            try store.addVolume(.sample())
            #expect(try store.snapshot().policy.volumes == [volume: VolumePolicy()])
        }
    }

    @Test("Entries put into other classes raise the volume's count of that, and the epoch")
    func assigned() throws {
        try withPeople { store in
            let before = try store.snapshot()
            try store.perform([.classesAssigned(volume, entries: 3)], at: before.epoch)
            let after = try store.snapshot()
            #expect(after.epoch > before.epoch)
            #expect(before.volume(named: volume)?.classGeneration == 0)
            #expect(after.volume(named: volume)?.classGeneration == 1)
        }
    }

    @Test("A note is an event of the chain and leaves the epoch")
    func notes() throws {
        try withPeople { store in
            let before = try store.snapshot()
            try store.note(.actedAs, alice.string, "ls hst-stis")
            #expect(try store.snapshot() == before)
            let event = try #require(try store.history(after: 0, limit: 100).last)
            #expect(event.action == .actedAs && event.detail == "ls hst-stis")
        }
    }
}
