internal import VolumeModel

/// What decisions about one volume can hang on of its classes, found out once for all views.
///
/// A view asks of a class which of its rules match it, and what the embargo leaves of it. For the
/// first, classes with the same values of all attributes that some rule of the volume names are one
/// *profile*; for the second, release times are read and kept. Classes that have both in common are
/// one *kind*: very many classes make a view no dearer than their profiles, and a look at the
/// instants of each kind.
///
/// It takes a fraction of a second to make where there are very many classes, so keep it with the
/// policy, and for the next policy as long as it `fits`.
package final class ClassIndex: Sendable {
    /// Classes that no rule and no instant tells apart.
    struct Kind: Sendable {
        /// The number of their profile.
        let profile: Int32
        /// When they are released; open without an embargo.
        let times: ReleaseTimes
    }

    /// The second side of a linked class.
    struct LinkedClass: Sendable {
        let link: AccessClass.Link
        /// The kind of the class at the target; nil: that class is not known.
        let target: Int?
    }

    /// The places of the attributes that tell profiles apart.
    private let slots: [AttributeKey: Int]
    /// Number of profiles.
    let profileCount: Int
    /// The values of each profile, by slot, one profile behind the other.
    private let values: [String?]
    /// The instants at which some kind is released, in order.
    let instants: [Timestamp]
    /// The kinds, in no order, each with a class at least.
    let kinds: [Kind]
    /// The linked classes.
    let links: [AccessClassID: LinkedClass]
    /// A hash of the numbers of the known classes, and of what their links are.
    let digest: [UInt8]
    /// The kind of each class, with `linkMark` for linked ones.
    private let numbers: ClassNumbers
    /// What it was made from, beside the rules.
    private let source: VolumePolicy

    /// Marks the number of a linked class's kind.
    private static let linkMark: Int32 = 1 << 30

    /// Takes in the classes of a policy, for all of its rules.
    package convenience init(of policy: VolumePolicy) {
        self.init(of: policy, asking: Self.keys(of: policy.rules))
    }

    /// - Parameter keys: the attributes that rules of the views to come may name.
    init(of policy: VolumePolicy, asking keys: Set<AttributeKey>) {
        let keys = keys.sorted()
        var builder = ClassKinds(policy, keys)
        var numbers = ClassNumbers(for: policy.classes.keys)
        var linked: [(AccessClassID, AccessClass.Link)] = []
        for (id, accessClass) in policy.classes {
            var number = builder.kind(of: accessClass.attributes)
            if let link = accessClass.link {
                linked.append((id, link))
                number |= Self.linkMark
            }
            numbers[id] = number
        }
        if policy.classes[.none] == nil { numbers[.none] = builder.kind(of: [:]) }
        var links: [AccessClassID: LinkedClass] = [:]
        for (id, link) in linked {
            let target = numbers[link.targetClass]
            // Links are resolved whole by the scan: a target that is linked itself is no known one.
            let isKnown = target >= 0 && target & Self.linkMark == 0
            links[id] = LinkedClass(link: link, target: isKnown ? Int(target) : nil)
        }
        slots = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
        profileCount = builder.profileCount
        values = builder.values
        instants = Self.instants(of: builder.kinds)
        kinds = builder.kinds
        digest = Self.digest(of: numbers, links)
        self.links = links
        self.numbers = numbers
        source = policy.withoutRules
    }

    /// Whether it may be used for a policy: the classes, the embargo and the table of release times
    /// are those that it was made from, and the rules name no other attributes.
    ///
    /// Quick where the parts of the policy share their storage with those that it was made from, or
    /// differ in their number; else it compares them.
    package func fits(_ policy: VolumePolicy) -> Bool {
        fits(policy, asking: Self.keys(of: policy.rules))
    }

    /// - Parameter keys: the attributes that rules name.
    func fits(_ policy: VolumePolicy, asking keys: Set<AttributeKey>) -> Bool {
        keys.allSatisfy { slots[$0] != nil } && policy.withoutRules == source
    }

    /// The place of an attribute that profiles are told apart by.
    func slot(of key: AttributeKey) -> Int {
        guard let slot = slots[key] else {
            // To take it for unknown might leave a denial out.
            preconditionFailure("the classes were not asked about \(key)")
        }
        return slot
    }

    /// The value that the classes of a profile have in a slot.
    @inline(__always)
    func value(_ profile: Int32, _ slot: Int) -> String? {
        values[Int(profile) &* slots.count &+ slot]
    }

    /// The kind of a class, and whether it is one of linked entries; nil: the class is not known.
    func kind(of id: AccessClassID) -> (number: Int, isLinked: Bool)? {
        let number = numbers[id]
        guard number >= 0 else { return nil }
        return (Int(number & ~Self.linkMark), number & Self.linkMark != 0)
    }

    /// Every known class with the number of its kind, by its own number.
    func forEachClass(_ body: (AccessClassID, Int) -> Void) {
        numbers.visit { id, number in body(id, Int(number & ~Self.linkMark)) }
    }

    private static func instants(of kinds: [Kind]) -> [Timestamp] {
        var instants: [Int64] = []
        // What has always been open has no instant.
        for kind in kinds {
            if let metadata = kind.times.metadata, metadata != .distantPast {
                instants.append(metadata.nanoseconds)
            }
            if let data = kind.times.data, data != .distantPast {
                instants.append(data.nanoseconds)
            }
        }
        instants.sort()
        return instants.map { Timestamp(nanoseconds: $0) }
    }

    private static func digest(
        of numbers: ClassNumbers, _ links: [AccessClassID: LinkedClass]
    ) -> [UInt8] {
        var hash = FramedHash(domain: "perigee.access-classes.1")
        // Hashed at once, for there may be very many.
        var known: [Int64] = []
        numbers.visit { id, _ in known.append(id.value.bigEndian) }
        known.withUnsafeBytes { hash.update(counted: $0) }
        for (id, linked) in links.sorted(by: { $0.key.value < $1.key.value }) {
            hash.update(id.value)
            linked.link.path.withUnsafeBytes { hash.update(counted: $0) }
            hash.update(byte: linked.link.target == nil ? 0 : 1)
            (linked.link.target ?? []).withUnsafeBytes { hash.update(counted: $0) }
            hash.update(linked.target == nil ? -1 : linked.link.targetClass.value)
        }
        return hash.finalize()
    }

    /// The attributes that rules name.
    private static func keys(of rules: [AccessRule]) -> Set<AttributeKey> {
        var keys: Set<AttributeKey> = []
        for rule in rules {
            if case .team(let template, _) = rule.subject { template.insertKeys(into: &keys) }
            for case .attribute(let key, _) in rule.conditions { keys.insert(key) }
        }
        return keys
    }
}

extension VolumePolicy {
    /// What classes are and when they are released.
    fileprivate var withoutRules: VolumePolicy {
        VolumePolicy(embargo: embargo, releases: releases, classes: classes)
    }
}

extension TeamTemplate {
    /// Adds the attributes that it depends on.
    func insertKeys(into keys: inout Set<AttributeKey>) {
        for case .attribute(let key) in parts { keys.insert(key) }
    }
}
