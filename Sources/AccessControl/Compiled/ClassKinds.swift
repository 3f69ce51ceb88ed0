internal import VolumeModel

/// Puts classes into kinds, one after the other.
struct ClassKinds {
    private(set) var kinds: [ClassIndex.Kind] = []
    /// The values of each profile, one behind the other. The first profile knows none.
    private(set) var values: [String?]
    private(set) var profileCount = 1

    private let clock: ReleaseClock
    /// The attributes of profiles, then those of the clock.
    private let keys: [AttributeKey]
    private let profileWidth: Int
    /// The values of `keys` in the class that is looked at: each is taken from it in one pass, since
    /// few classes have more than a few.
    private var found: [String?]
    /// For each attribute of profiles the numbers of its values, from 1.
    private var valueNumbers: [[String: Int32]]
    /// For each of them but the first, the numbers of the beginnings of profiles that end with it,
    /// from 1, by the number of the beginning before and that of the value; 0 has no value at all.
    /// Arrays as keys are slow.
    private var beginnings: [[UInt64: Int32]]
    /// The kinds of profiles, where nothing but the profile tells kinds apart; -1: not met yet.
    private var kindOfProfile: [Int32] = [-1]

    /// - Parameter keys: the attributes that tell profiles apart.
    init(_ policy: VolumePolicy, _ keys: [AttributeKey]) {
        clock = ReleaseClock(policy.embargo, releases: policy.releases)
        profileWidth = keys.count
        self.keys = keys + (clock.isEmbargoed ? clock.keys : [])
        values = Array(repeating: nil, count: keys.count)
        found = Array(repeating: nil, count: self.keys.count)
        valueNumbers = Array(repeating: [:], count: keys.count)
        beginnings = Array(repeating: [:], count: max(0, keys.count - 1))
        if clock.isEmbargoed { kinds.reserveCapacity(policy.classes.count + 1) }
    }

    /// The kind of a class with these attributes.
    mutating func kind(of attributes: [AttributeKey: String]) -> Int32 {
        for index in keys.indices { found[index] = nil }
        for (key, value) in attributes {
            for index in keys.indices where keys[index] == key { found[index] = value }
        }
        let profile = profile()
        let next = Int32(kinds.count)
        guard !clock.isEmbargoed else {
            // Hardly two of very many classes have an instant in common that they wait for, and to
            // look for them costs more than a view gains by it.
            kinds.append(
                ClassIndex.Kind(profile: profile, times: clock.times(found[profileWidth...])))
            return next
        }
        if kindOfProfile[Int(profile)] < 0 {
            kindOfProfile[Int(profile)] = next
            kinds.append(ClassIndex.Kind(profile: profile, times: .open))
        }
        return kindOfProfile[Int(profile)]
    }

    private mutating func profile() -> Int32 {
        var profile: Int32 = 0
        for slot in 0..<profileWidth {
            let value = found[slot].map { valueNumbers[slot].number(of: $0) } ?? 0
            if slot == 0 {
                profile = value
            } else if profile != 0 || value != 0 {
                profile = beginnings[slot - 1].number(
                    of: UInt64(profile) << 32 | UInt64(value))
            }
        }
        if profile == profileCount {
            profileCount += 1
            values += found[..<profileWidth]
            kindOfProfile.append(-1)
        }
        return profile
    }
}

extension Dictionary where Value == Int32 {
    /// The number of a key, which is the next one from 1 on where it has none yet.
    fileprivate mutating func number(of key: Key) -> Int32 {
        if let known = self[key] { return known }
        let number = Int32(count) + 1
        self[key] = number
        return number
    }
}
