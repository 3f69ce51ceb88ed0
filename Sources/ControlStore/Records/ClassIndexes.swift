package import AccessControl
internal import Synchronization
package import VolumeModel

/// The class indexes of a policy's volumes, each made when a view is first compiled with it.
///
/// Follows from the policy, so any two are equal: what has been made of them is no part of a
/// snapshot's value.
package final class ClassIndexes: Hashable, Sendable {
    /// That of one volume. Whoever comes while it is being made waits, since to make it a second
    /// time takes as long.
    private final class Slot: Sendable {
        let policy: VolumePolicy
        let index: Mutex<ClassIndex?>

        init(_ policy: VolumePolicy, _ known: ClassIndex?) {
            self.policy = policy
            index = Mutex(known)
        }
    }

    private let slots: [VolumeName: Slot]

    /// Puts none together yet, but for those of an earlier policy that still fit.
    package init(of policy: AccessPolicy, keeping last: ClassIndexes? = nil) {
        slots = Dictionary(
            uniqueKeysWithValues: policy.volumes.map { name, policy in
                let known = last?.slots[name]?.index.withLock { $0 }
                return (name, Slot(policy, known.flatMap { $0.fits(policy) ? $0 : nil }))
            })
    }

    /// The index of a volume's classes; nil: there is no such volume.
    package func index(of volume: VolumeName) -> ClassIndex? {
        guard let slot = slots[volume] else { return nil }
        return slot.index.withLock { known in
            if let known { return known }
            let made = ClassIndex(of: slot.policy)
            known = made
            return made
        }
    }

    package static func == (left: ClassIndexes, right: ClassIndexes) -> Bool { true }

    package func hash(into hasher: inout Hasher) {}
}
