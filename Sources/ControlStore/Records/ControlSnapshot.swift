package import AccessControl
package import VolumeModel

/// How often the control store has been changed: raised by each change, in its own transaction.
package struct Epoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The count, 1 in a new store.
    package let value: Int64

    /// Wraps a count.
    package init(_ value: Int64) { self.value = value }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    package var description: String { String(value) }
}

/// The control store at one instant, all of it from one transaction: what servers answer by.
package struct ControlSnapshot: Hashable, Sendable {
    /// The changes that it holds.
    package let epoch: Epoch
    /// All volumes, by name in byte order.
    package let volumes: [VolumeRecord]
    /// All roots, by name in byte order.
    package let roots: [OriginRoot]
    /// Who may see what.
    package let policy: AccessPolicy
    /// The keys and tokens that hold, expired ones among them.
    package let credentials: [CredentialID: CredentialFacts]
    /// The teams that there are, with what the policy does not say of them.
    package let teams: [TeamName: TeamRecord]
    /// Which rules carry a label, by volume and by the rule's name.
    package let ruleLabels: [VolumeName: [String: PolicyLabel]]
    /// What views of the policy share.
    private let classIndexes: ClassIndexes

    /// Puts a snapshot together.
    ///
    /// - Parameter classIndexes: those of `policy`, where there are some.
    package init(
        epoch: Epoch, volumes: [VolumeRecord], roots: [OriginRoot],
        policy: AccessPolicy = AccessPolicy(),
        credentials: [CredentialID: CredentialFacts] = [:],
        teams: [TeamName: TeamRecord] = [:],
        ruleLabels: [VolumeName: [String: PolicyLabel]] = [:],
        classIndexes: ClassIndexes? = nil
    ) {
        self.epoch = epoch
        self.volumes = volumes
        self.roots = roots
        self.policy = policy
        self.credentials = credentials
        self.teams = teams
        self.ruleLabels = ruleLabels
        self.classIndexes = classIndexes ?? ClassIndexes(of: policy)
    }

    /// The index that all views of a volume are compiled with; nil: there is no such volume.
    ///
    /// Made at the first call, which takes some 0.1 s for 100,000 classes, and kept over to later
    /// snapshots as long as the classes and what is asked of them stay the same.
    package func classIndex(of volume: VolumeName) -> ClassIndex? {
        classIndexes.index(of: volume)
    }

    /// The volume called `name`, or nil; looks at each.
    package func volume(named name: VolumeName) -> VolumeRecord? {
        volumes.first { $0.name == name }
    }

    /// The root called `name`, or nil; looks at each.
    package func root(named name: RootName) -> OriginRoot? {
        roots.first { $0.name == name }
    }
}
