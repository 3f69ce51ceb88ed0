internal import AccessControl
internal import ControlStore
internal import VolumeModel
package import YAMLFiles

/// Everything that a set of policy files says, each object once.
package struct PolicySet: Sendable {
    /// The volumes, in the order of the files.
    package private(set) var volumes: [VolumeDocument] = []
    /// The teams.
    package private(set) var teams: [TeamDocument] = []
    /// The rules, by volume.
    package private(set) var policies: [PolicyDocument] = []

    /// Reads files.
    ///
    /// - Throws: everything that is wrong in them and can be told without a state.
    package init(_ sources: [YAMLSource]) throws(FileFaults) {
        var faults = FileFaults()
        for source in sources {
            do throws(FileFaults) {
                for document in try YAMLFile(source).documents {
                    add(document, source.name, &faults)
                }
            } catch {
                faults.add(error)
            }
        }
        checkNames(&faults)
        checkRules(&faults)
        try faults.check()
    }

    private static let kinds = ["Volume", "Team", "Policy"]

    /// Whether the files say nothing.
    package var isEmpty: Bool { volumes.isEmpty && teams.isEmpty && policies.isEmpty }

    private mutating func add(
        _ node: YAMLNode, _ source: String, _ faults: inout FileFaults
    ) {
        switch DocumentKind.of(node, among: Self.kinds, &faults) {
        case "Volume":
            if let volume = VolumeDocument(node, &faults) { volumes.append(volume) }
        case "Team":
            if let team = TeamDocument(node, &faults) { teams.append(team) }
        case "Policy":
            if let policy = PolicyDocument(node, source: source, &faults) {
                policies.append(policy)
            }
        default: break
        }
    }

    private func checkNames(_ faults: inout FileFaults) {
        Self.check(volumes.map { ("Volume \($0.name.value)", $0.name.place) }, &faults)
        Self.check(teams.map { ("Team \($0.name.value)", $0.name.place) }, &faults)
        Self.check(policies.map { ("Policy of \($0.volume.value)", $0.volume.place) }, &faults)
    }

    private func checkRules(_ faults: inout FileFaults) {
        for policy in policies {
            let volume = volumes.first { $0.name.value == policy.volume.value }
            // Without a document of its volume it may have an embargo: the state knows.
            let embargo = volume.map(\.settings.embargo) ?? EmbargoPolicy()
            policy.checkRules(embargo: embargo, &faults)
        }
    }

    private static func check(_ names: [(String, FilePlace)], _ faults: inout FileFaults) {
        var first: [String: FilePlace] = [:]
        for (name, place) in names {
            if let other = first[name] {
                faults.add(
                    place, "there is a \(name) already", remedy: "merge it with that at \(other)")
            } else {
                first[name] = place
            }
        }
    }
}
