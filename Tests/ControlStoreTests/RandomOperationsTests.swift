import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Random operations on who may see what")
struct RandomOperationsTests {
    @Test("The store agrees with a naive model of it", .timeLimit(.minutes(2)))
    func agrees() throws {
        var random = SeededRandom(announcing: "random control operations")
        try withState { state in
            var store = try SQLiteControlStore(state)
            try store.addRoot(.sample())
            var model = PolicyModel()
            var poll = try ControlPoll(path: state.controlPath, known: nil)
            var known = try #require(try poll.look()?.get())
            for step in 0..<400 {
                let operations = try (0...random.below(4)).map { _ in
                    try operation(&random, in: model)
                }
                let isStale = random.once(in: 10)
                let epoch = try store.snapshot().epoch
                let decidedBy = isStale ? Epoch(epoch.value - 1) : epoch
                let error = failure { try store.perform(operations, at: decidedBy) }
                switch model.after(operations) {
                case .success(let next) where !isStale:
                    #expect(error == nil, "step \(step): \(operations)")
                    model = next
                case .failure(let refusal) where !isStale:
                    #expect(error?.code == refusal.code, "step \(step): \(operations)")
                default: #expect(error?.code == .conflict)
                }
                if random.once(in: 15) { store = try SQLiteControlStore(state) }
                if random.once(in: 20),
                    let volume = model.volumes.keys.min(by: { $0.string < $1.string })
                {
                    try store.removeVolume(named: volume)
                    model.volumes[volume] = nil
                }
                let snapshot = try store.snapshot()
                try #require(snapshot.policy == model.policy, "step \(step): \(operations)")
                #expect(snapshot.teams == model.teams)
                #expect(
                    snapshot.ruleLabels
                        == model.volumes.mapValues(\.labels).filter { !$0.value.isEmpty })
                // Somebody who only looks sees the same, and is told only of what changed.
                if let told = try poll.look()?.get() { known = told }
                #expect(known == snapshot)
                for (name, volume) in model.volumes where random.once(in: 5) {
                    #expect(try store.attributeSource(of: name).rows == volume.rows)
                }
            }
            #expect(try store.verifyAudit(noted: nil).fault == nil)
        }
    }

    private func operation(
        _ random: inout SeededRandom, in model: PolicyModel
    ) throws -> ControlOperation {
        let user = try UserName(random.pick(["ada", "bob", "eve@esa.int"]))
        let team = try TeamName(random.pick(["a", "b", "c", "d"]))
        let volume = try VolumeName(random.pick(["hst-stis", "euclid-q1"]))
        let key = try AttributeKey(random.pick(["proposal_id", "instrument"]))
        let value = random.pick(["", "1", "ü=☄", String(repeating: "v", count: 256)])
        let member: TeamMember =
            random.once(in: 2) ? .user(user) : .team(try TeamName(random.pick(["a", "b", "c"])))
        switch random.below(15) {
        case 0: return .addUser(user)
        case 1: return .setUserDisabled(user, random.once(in: 2))
        case 2: return .removeUser(user)
        case 3:
            return .setTeam(
                team, TeamRecord(title: random.pick([nil, "T"]), label: random.pick([nil, "l"])))
        case 4: return .removeTeam(team)
        case 5, 6, 7:
            return .setMembership(
                team,
                Membership(
                    member: member, role: random.pick(TeamRole.allCases),
                    until: random.pick([nil, Timestamp(nanoseconds: 9)])))
        case 8: return .removeMembership(team, member)
        case 9:
            return .addVolume(try .sample(volume.string), making: nil)
        case 10, 11:
            return .setRule(volume, try rule(&random), label: random.pick([nil, "l", "m"]))
        case 12: return .removeRule(volume, name: random.pick(["r1", "r2", "r3"]))
        case 13:
            return .setSettings(
                volume,
                VolumeSettings(
                    embargo: random.pick([
                        nil, EmbargoPolicy(metadataWithData: true),
                        EmbargoPolicy(period: .init(after: key, months: random.below(1_201))),
                    ]),
                    expressions: random.once(in: 2) ? [] : [try PathExpression("{a}/**")],
                    isRevocationHard: random.once(in: 2), isAuditRequired: random.once(in: 2)))
        default:
            return random.once(in: 2)
                ? .setReleases(
                    volume,
                    (0..<random.below(3)).map { _ in
                        ReleaseRow(
                            key: key, value: value, metadata: nil,
                            data: Timestamp(nanoseconds: Int64(random.below(5))))
                    })
                : .setAttributeRows(
                    volume,
                    try (0..<random.below(3)).map { line in
                        AttributeRow(
                            pattern: try PathPattern("a/**"), key: key, value: value, line: line)
                    })
        }
    }

    private func rule(_ random: inout SeededRandom) throws -> AccessRule {
        let subjects = [
            "anyone", "authenticated", "user:ada", "team:a", "team:b#owner", "team:x-{instrument}",
        ]
        let level = random.pick(AccessLevel.allCases)
        return AccessRule(
            name: random.pick(["r1", "r2", "r3"]),
            effect: random.once(in: 2) ? .grant(level) : .denial(level),
            subject: try Subject(parsing: random.pick(subjects)),
            pattern: random.once(in: 2) ? nil : try PathPattern(random.pick(["a/**", "{b,c}*"])),
            conditions: random.once(in: 2)
                ? []
                : [.embargoed, .attribute(try AttributeKey("instrument"), equals: "x\u{301}")],
            from: random.pick([nil, Timestamp(nanoseconds: .min)]),
            until: random.pick([nil, Timestamp(nanoseconds: .max)]), place: "p:\(random.below(2))")
    }
}
