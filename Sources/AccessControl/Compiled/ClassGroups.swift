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

    /// The second side of a linked class.
    struct LinkedClass: Sendable {
        let link: AccessClass.Link
        /// The group of the class at the target; nil: that class is not known.
        let target: Int?
    }

    /// Marks the number of a linked class's group.
    private static let linkMark: Int32 = 1 << 30

    private(set) var groups: [Group] = []
    private(set) var links: [AccessClassID: LinkedClass] = [:]
    private var numbers: ClassNumbers

    /// - Parameter interval: where releases are noted.
    init(
        of policy: VolumePolicy, _ clock: ReleaseClock, _ specific: SpecificRules,
        _ interval: inout ViewInterval
    ) {
        numbers = ClassNumbers(for: policy.classes)
        var known: [[Int32]: Int32] = [:]
        // Groups without specific rules, by what the embargo leaves.
        var plain: [Int32?] = [nil, nil, nil, nil]
        var linked: [(AccessClassID, AccessClass.Link)] = []

        // What is asked of attributes, taken from each class in one pass: few have more than a few.
        let keys = (clock.isEmbargoed ? clock.keys : []) + specific.keys
        let clockCount = keys.count - specific.keys.count
        var values = Array(repeating: String?.none, count: keys.count)
        func number(for attributes: [AttributeKey: String]) -> Int32 {
            for index in keys.indices { values[index] = nil }
            for (key, value) in attributes {
                for index in keys.indices where keys[index] == key { values[index] = value }
            }
            var cap = AccessLevel.read
            if clock.isEmbargoed {
                let times = clock.times(values[..<clockCount])
                if let metadata = times.metadata, metadata != .distantPast {
                    interval.flip(at: metadata)
                }
                interval.flip(at: times.data)
                cap = times.cap(at: interval.now)
            }
            let rules =
                specific.isEmpty
                ? [] : specific.matching(attributes, values[clockCount...], under: cap)
            if rules.isEmpty, let number = plain[Int(cap.rawValue)] { return number }
            let key = [Int32(cap.rawValue)] + rules
            if let number = known[key] { return number }
            let number = Int32(groups.count)
            groups.append(Group(cap: cap, specific: rules))
            known[key] = number
            if rules.isEmpty { plain[Int(cap.rawValue)] = number }
            return number
        }
        for (id, accessClass) in policy.classes {
            var number = number(for: accessClass.attributes)
            if let link = accessClass.link {
                linked.append((id, link))
                number |= Self.linkMark
            }
            numbers[id] = number
        }
        if policy.classes[.none] == nil { numbers[.none] = number(for: [:]) }
        for (id, link) in linked {
            let target = numbers[link.targetClass]
            // Links are resolved whole by the scan: a target that is linked itself is no known one.
            let isKnown = target >= 0 && target & Self.linkMark == 0
            links[id] = LinkedClass(link: link, target: isKnown ? Int(target) : nil)
        }
    }

    /// Sets what each group gets everywhere.
    mutating func tally(_ tally: (Group) -> RuleTally) {
        for index in groups.indices { groups[index].everywhere = tally(groups[index]) }
    }

    /// The group of a class, and whether it is one of linked entries; nil: the class is not known.
    func group(of id: AccessClassID) -> (number: Int, isLinked: Bool)? {
        let number = numbers[id]
        guard number >= 0 else { return nil }
        return (Int(number & ~Self.linkMark), number & Self.linkMark != 0)
    }

    /// Every known class with its group, by its number.
    func forEachClass(_ body: (AccessClassID, Int) -> Void) {
        numbers.visit { id, number in body(id, Int(number & ~Self.linkMark)) }
    }
}

/// A number for each class; -1: none.
///
/// Catalogues number classes from 1, so that mostly an array will do: it takes a tenth of the room
/// and time of a dictionary.
private struct ClassNumbers: Sendable {
    private var dense: [Int32] = []
    private var sparse: [Int64: Int32] = [:]

    init(for classes: [AccessClassID: AccessClass]) {
        var highest: Int64 = 0
        var isDense = true
        for id in classes.keys {
            highest = max(highest, id.value)
            if id.value < 0 { isDense = false }
        }
        if isDense && highest < Int64(classes.count) * 4 + 1_024 {
            dense = Array(repeating: -1, count: Int(highest) + 1)
        } else {
            sparse.reserveCapacity(classes.count + 1)
        }
    }

    subscript(id: AccessClassID) -> Int32 {
        get {
            if dense.isEmpty { return sparse[id.value] ?? -1 }
            return dense.indices.contains(Int(id.value)) ? dense[Int(id.value)] : -1
        }
        set {
            if dense.isEmpty {
                sparse[id.value] = newValue
            } else {
                dense[Int(id.value)] = newValue
            }
        }
    }

    /// Calls `body` with each class that has a number, by class.
    func visit(_ body: (AccessClassID, Int32) -> Void) {
        for (id, number) in dense.enumerated() where number >= 0 {
            body(AccessClassID(Int64(id)), number)
        }
        for (id, number) in sparse.sorted(by: { $0.key < $1.key }) {
            body(AccessClassID(id), number)
        }
    }
}
