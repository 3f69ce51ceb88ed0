internal import VolumeModel

/// The classes of a volume, put together where all live rules treat them alike.
struct ClassGroups: Sendable {
    /// Classes that differ in nothing but their links.
    struct Group: Sendable {
        /// What the embargo leaves.
        let cap: AccessLevel
        /// The rules that match it by its attributes, in order.
        let specific: [Int32]
        /// Those of its rules, specific or not, that are about every path.
        var everywhere = RuleTally()
    }

    private(set) var groups: [Group] = []
    private let index: ClassIndex
    /// The group of each kind of class.
    private var groupOfKind: [Int32] = []

    /// - Parameter interval: where releases are noted.
    init(of index: ClassIndex, _ specific: SpecificRules, _ interval: inout ViewInterval) {
        self.index = index
        interval.flip(atEachOf: index.instants)
        let now = interval.now
        let levels = AccessLevel.allCases.count
        // The groups without specific rules, by what the embargo leaves, and those with some.
        var plain = Array(repeating: Int32(-1), count: levels)
        var others: [[Int32]: Int32] = [:]
        func number(_ cap: AccessLevel, _ rules: [Int32]) -> Int32 {
            let key = [Int32(cap.rawValue)] + rules
            let known = rules.isEmpty ? plain[Int(cap.rawValue)] : others[key] ?? -1
            if known >= 0 { return known }
            let number = Int32(groups.count)
            groups.append(Group(cap: cap, specific: rules))
            if rules.isEmpty { plain[Int(cap.rawValue)] = number } else { others[key] = number }
            return number
        }
        // By profile and by what the embargo leaves; -1 where no class has been met.
        var known = Array(repeating: Int32(-1), count: index.profileCount * levels)
        groupOfKind.reserveCapacity(index.kinds.count)
        for kind in index.kinds {
            let cap = kind.times.cap(at: now)
            let slot = Int(kind.profile) * levels + Int(cap.rawValue)
            if known[slot] < 0 {
                known[slot] = number(cap, specific.matching(kind.profile, under: cap))
            }
            groupOfKind.append(known[slot])
        }
    }

    /// What tells the known classes and their links from others.
    var digest: [UInt8] { index.digest }

    /// The second sides of linked classes.
    var links: [AccessClassID: ClassIndex.LinkedClass] { index.links }

    /// Sets what each group gets everywhere.
    mutating func tally(_ tally: (Group) -> RuleTally) {
        for index in groups.indices { groups[index].everywhere = tally(groups[index]) }
    }

    /// The group of a class, and whether it is one of linked entries; nil: the class is not known.
    func group(of id: AccessClassID) -> (number: Int, isLinked: Bool)? {
        index.kind(of: id).map { (Int(groupOfKind[$0.number]), $0.isLinked) }
    }

    /// The group of the class that a link leads to; nil: that class is not known.
    func target(of linked: ClassIndex.LinkedClass) -> Int? {
        linked.target.map { Int(groupOfKind[$0]) }
    }

    /// Every known class with its group, by its number.
    func forEachClass(_ body: (AccessClassID, Int) -> Void) {
        index.forEachClass { id, kind in body(id, Int(groupOfKind[kind])) }
    }
}
