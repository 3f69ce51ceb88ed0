package import AccessControl
internal import ControlStore
internal import VolumeModel
package import YAMLFiles

/// What came of assertions about a set of policies.
package struct PolicyTestRun: Sendable {
    /// An assertion that does not hold.
    package struct Failure: Sendable {
        /// The assertion.
        package let test: PolicyTest
        /// What was decided instead.
        package let found: AccessDecision
        /// Why, a line each.
        package let explanation: [String]

        /// `policies/tests/jwst.yaml:9:5: anyone has level list, not read, on jwst:path at TIME`.
        package var description: String {
            let path = test.path.map { ":\(Printable.escaped($0.bytes))" } ?? ""
            return "\(test.place): \(test.subject) has level \(found.level), not \(test.level), on "
                + "\(test.volume.value)\(path) at \(test.at.iso8601)"
        }
    }

    /// How many assertions there were.
    package let count: Int
    /// Those that do not hold, in their order.
    package private(set) var failures: [Failure] = []

    /// Decides each assertion by the files alone.
    ///
    /// - Throws: assertions about volumes that the files do not speak of, and no assertions at all.
    package init(_ tests: [PolicyTest], against files: PolicySet) throws(FileFaults) {
        count = tests.count
        var faults = FileFaults()
        let policy = files.accessPolicy
        let expressions = Dictionary(
            files.volumes.map { ($0.name.value, $0.settings.expressions) }
        ) { first, _ in first }
        for test in tests {
            guard policy.volumes[test.volume.value] != nil else {
                faults.add(
                    test.volume.place, "the policies do not speak of a volume \(test.volume.value)",
                    remedy: "name the folder of the policies with -f")
                continue
            }
            let source = AttributeSource(expressions: expressions[test.volume.value] ?? [])
            if let failure = Self.failure(of: test, policy, source) { failures.append(failure) }
        }
        try faults.check()
    }

    /// The class that an assertion's entry is given.
    private static let accessClass = AccessClassID(1)

    private static func failure(
        of test: PolicyTest, _ policy: AccessPolicy, _ source: AttributeSource
    ) -> Failure? {
        var policy = policy
        var requester = Requester.anyone
        if case .user(let name, let teams) = test.subject {
            requester = .user(name)
            policy.users[name] = UserRecord()
            for (team, role) in teams {
                policy.teams[team, default: []].append(Membership(member: .user(name), role: role))
            }
        }
        let path = test.path?.bytes ?? []
        // Without rows no two can clash.
        var attributes = (try? AttributeResolver(source).attributes(of: path)) ?? [:]
        attributes.merge(test.attributes) { _, given in given }
        policy.volumes[test.volume.value]?.classes[accessClass] = AccessClass(
            attributes: attributes)
        let explanation = AccessExplanation(
            of: test.volume.value, path: test.path?.bytes, accessClass: accessClass,
            for: requester, policy: policy, at: test.at)
        guard explanation.decision.level != test.level else { return nil }
        return Failure(
            test: test, found: explanation.decision,
            // What the first line says stands in the description.
            explanation: Array(explanation.lines.dropFirst()))
    }
}

extension PolicyTest {
    /// Reads files of assertions.
    ///
    /// - Throws: everything that is wrong in them.
    package static func read(_ sources: [YAMLSource]) throws(FileFaults) -> [PolicyTest] {
        var faults = FileFaults()
        var tests: [PolicyTest] = []
        for source in sources {
            do throws(FileFaults) {
                for document in try YAMLFile(source).documents
                where DocumentKind.of(document, among: ["Test"], &faults) != nil {
                    tests += self.tests(document, &faults)
                }
            } catch {
                faults.add(error)
            }
        }
        try faults.check()
        return tests
    }
}

extension PolicySet {
    /// What the files decide by themselves: every user that they name is there, no entry has a class
    /// yet, and rules know their lines.
    package var accessPolicy: AccessPolicy {
        var policy = AccessPolicy()
        for team in teams {
            let members = (team.members ?? []).map(\.value)
            policy.teams[team.name.value] = members
            for case .user(let user) in members.map(\.member) { policy.users[user] = UserRecord() }
        }
        for volume in volumes {
            policy.volumes[volume.name.value] = VolumePolicy(embargo: volume.settings.embargo)
        }
        for document in self.policies {
            let rules = document.rules.map { entry in
                var rule = entry.rule
                rule.place = "\(entry.place)"
                return rule
            }
            policy.volumes[document.volume.value, default: VolumePolicy()].rules = rules
            for case .user(let user) in rules.map(\.subject) { policy.users[user] = UserRecord() }
        }
        return policy
    }
}
