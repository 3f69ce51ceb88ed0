import AccessControl
import ControlStore
import PerigeeTesting
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// Random policies on a real store, and files that chance has spoilt.
@Suite struct RandomPolicyTests {
    private func makeNames(in store: SQLiteControlStore) throws {
        try store.addRoot(
            OriginRoot(name: try RootName("archive"), origin: .posix(path: "/archive")))
        try store.perform(
            RandomPolicies.users.map { .addUser(try UserName($0)) }
                + RandomPolicies.teams.map { .setTeam(try TeamName($0), TeamRecord()) }, at: nil)
    }

    @Test func `applied, any policy is what the state says, and leaves nothing to do`() throws {
        var policies = RandomPolicies(random: SeededRandom(announcing: "random policies"))
        try withStore { store in
            try makeNames(in: store)
            var applied = 0
            for round in 0..<60 {
                let documents = policies.documents()
                let text = documents.joined(separator: "---\n")
                let files = try PolicySet([source(text)])
                let options = PolicyPlan.Options(
                    isAdopting: true, isPruning: policies.random.once(in: 2))
                let snapshot = try store.snapshot()
                let plan: PolicyPlan
                do throws(FileFaults) {
                    plan = try PolicyPlan(files, on: snapshot, options)
                } catch {
                    // Chance may name what this run prunes, or volumes that are not there yet.
                    let isExpected = error.all.allSatisfy {
                        $0.message.contains("--prune") || $0.message.contains("there is no volume")
                            || $0.message.contains("there is no team")
                            || $0.message.contains("would hold itself")
                    }
                    #expect(isExpected, "round \(round): \(error)\n\(text)")
                    continue
                }
                let error = failure { try store.perform(plan.operations, at: plan.epoch) }
                #expect(error == nil, "round \(round): \(error.map { "\($0)" } ?? "")\n\(text)")
                let after = try store.snapshot()
                let again = try PolicyPlan(files, on: after, options)
                #expect(again.isEmpty, "round \(round): \(again.changes)\n\(text)")
                expectSame(files, after, "round \(round)")
                applied += 1
                #expect((after.epoch == snapshot.epoch) == plan.isEmpty)
            }
            #expect(applied > 20, "chance should not refuse most of what it makes")
        }
    }

    /// Whether the state says what files say.
    private func expectSame(_ files: PolicySet, _ state: ControlSnapshot, _ round: String) {
        let policy = files.accessPolicy
        for team in files.teams where team.members != nil {
            let name = team.name.value
            #expect(
                Set(policy.teams[name] ?? []) == Set(state.policy.teams[name] ?? []), "\(round)")
        }
        for volume in files.volumes {
            let record = state.volume(named: volume.name.value)
            #expect(record?.settings == volume.settings, "\(round)")
            #expect(record?.metadata == volume.metadata, "\(round)")
        }
        for document in files.policies {
            let stored = Set(state.policy.volumes[document.volume.value]?.rules ?? [])
            #expect(stored.isSuperset(of: document.rules.map(\.rule)), "\(round)")
        }
    }

    @Test func `a spoilt file never ends the program, and its faults lie inside it`() throws {
        var policies = RandomPolicies(random: SeededRandom(announcing: "spoilt policies"))
        for _ in 0..<1_000 {
            var bytes = Array(policies.documents().joined(separator: "---\n").utf8)
            for _ in 0...policies.random.below(6) where !bytes.isEmpty {
                spoil(&bytes, &policies.random)
            }
            expectFaultsInside(bytes)
        }
    }

    /// Changes a byte or a few, as slips of hands and disks do.
    private func spoil(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let signs = Array("-:#&*!|>'\"%@`{}[],? \n\t~<=0a/\\\u{0}\u{e9}".utf8)
        let place = random.below(bytes.count)
        let end = min(bytes.count, place + random.below(40))
        switch random.below(6) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(random.pick(signs), at: place)
        case 2: bytes[place] = random.pick(signs)
        case 3: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 4: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
        default: bytes.removeSubrange(place..<end)
        }
    }

    @Test func `spoilt assertions never end the program, and their faults lie inside the file`() {
        let text = """
            kind: Test
            title: x
            volume: hst
            at: 2026-01-01T00:00:00Z
            attributes: {proposal_id: "12", t_max: "59800.5"}
            cases:
              - {as: anyone, path: a/b, level: read}
              - as: {user: pi, teams: [a, "b#owner"]}
                at: 2027-01-01
                level: none

            """
        var random = SeededRandom(announcing: "spoilt assertions")
        for _ in 0..<500 {
            var bytes = Array(text.utf8)
            for _ in 0...random.below(4) where !bytes.isEmpty { spoil(&bytes, &random) }
            expectFaultsInside(bytes)
        }
    }

    @Test func `junk never ends the program, and its faults lie inside it`() throws {
        var random = SeededRandom(announcing: "junk")
        let words = [
            "kind: Team\n", "- ", "? ", ": ", "[", "{", "]", "}", "\n", "  ", "a", "&a ", "*a",
            "!t ",
        ]
        for _ in 0..<600 {
            expectFaultsInside(random.bytes(random.below(200)))
            let text = (0..<random.below(60)).map { _ in random.pick(words) }.joined()
            expectFaultsInside(Array(text.utf8))
        }
    }

    private func expectFaultsInside(_ bytes: [UInt8]) {
        let file = YAMLSource(path: "p.yaml", bytes: bytes, purpose: .policy)
        expectFaultsInside(bytes) { () throws(FileFaults) in _ = try PolicySet([file]) }
        expectFaultsInside(bytes) { () throws(FileFaults) in _ = try PolicyTest.read([file]) }
    }

    private func expectFaultsInside(_ bytes: [UInt8], _ read: () throws(FileFaults) -> Void) {
        do throws(FileFaults) {
            try read()
        } catch {
            let text = String(decoding: bytes, as: UTF8.self)
            let lines = text.unicodeScalars.split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(!error.isEmpty)
            for fault in error.all {
                let (line, column) = (fault.place.line, fault.place.column)
                let isInside =
                    (1...max(lines.count, 1)).contains(line)
                    && (1...lines[line - 1].count + 1).contains(column)
                #expect(isInside, "\(fault) in \(bytes)")
                #expect(!fault.message.isEmpty && !fault.remedy.isEmpty, "\(fault)")
                #expect(
                    "\(fault)".unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 },
                    "\(fault)")
            }
        }
    }
}
