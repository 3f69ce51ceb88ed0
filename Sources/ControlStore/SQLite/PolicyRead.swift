internal import AccessControl
internal import VolumeModel

/// What was read of the policy, so that it is read again only where it has changed since: a
/// snapshot after a publish would otherwise read every membership and class anew.
struct PolicyRead: Sendable {
    /// The epoch of the last change that bears on it.
    let version: Epoch
    let policy: AccessPolicy
    let teams: [TeamName: TeamRecord]
    let ruleLabels: [VolumeName: [String: PolicyLabel]]
    /// What snapshots with this policy share.
    let classIndexes: ClassIndexes
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
