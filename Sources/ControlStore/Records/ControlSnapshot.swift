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

    /// Puts a snapshot together.
    package init(epoch: Epoch, volumes: [VolumeRecord], roots: [OriginRoot]) {
        self.epoch = epoch
        self.volumes = volumes
        self.roots = roots
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
