internal import AccessControl
internal import VolumeModel

/// What was read of the policy, so that it is read again only where it has changed since: a
/// snapshot after a publish would otherwise read every membership and class anew.
struct PolicyRead: Sendable {
    /// The epoch of the last change that bears on it.
    let version: Epoch
    /// The life of the store that it was read in.
    let generation: Int64
    let policy: AccessPolicy
    let teams: [TeamName: TeamRecord]
    let ruleLabels: [VolumeName: [String: PolicyLabel]]
    /// What snapshots with this policy share.
    let classIndexes: ClassIndexes
    /// The classes of each volume, by its ordinal.
    let classes: [Int64: KnownClasses]
}

/// The classes of a volume, up to a number.
///
/// A class's row never changes, it stays as long as its volume, and neither its number nor the
/// volume's ordinal is given again: what is there beside these has higher numbers.
struct KnownClasses: Sendable {
    /// The highest number.
    var last: Int64 = 0
    var classes: [AccessClassID: AccessClass] = [:]
}

extension Dictionary {
    /// The value of `key`, made where there is none: rows repeat a few texts many times.
    mutating func kept(_ key: Key, _ make: (Key) throws -> Value) rethrows -> Value {
        if let value = self[key] { return value }
        let value = try make(key)
        self[key] = value
        return value
    }
}
