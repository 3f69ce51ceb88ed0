internal import VolumeModel

/// What follows for entries from the rules whose patterns cover them: one for each set of leaves.
package struct CoveringRules: Sendable {
    /// The tally of those that ask nothing of attributes, by what the embargo leaves.
    let general: [RuleTally]
    /// Those that do, in order.
    let specific: [Int32]
}

/// The live rules of a view, ready to decide.
final class CompiledRules: Sendable {
    /// The rules, by name.
    let rules: [LiveRule]
    /// The classes.
    let classes: ClassGroups
    /// The patterns of those rules that have one.
    let patterns: PathPatternSet
    /// The rules at each leaf.
    private let rulesAtLeaf: [[Int32]]

    init(_ rules: [LiveRule], _ classes: ClassGroups) {
        self.rules = rules
        let patterned = rules.indices.filter { rules[$0].pattern != nil }
        patterns = PathPatternSet(patterned.compactMap { rules[$0].pattern })
        var rulesAtLeaf = Array(repeating: [Int32](), count: patterns.leafCount)
        for (rule, leaf) in zip(patterned, patterns.leaves) {
            rulesAtLeaf[leaf].append(Int32(rule))
        }
        self.rulesAtLeaf = rulesAtLeaf
        let general = Self.general(
            rules.indices.lazy.filter { rules[$0].pattern == nil }.map { Int32($0) }, rules)
        var classes = classes
        classes.tally { group in
            var tally = general[Int(group.cap.rawValue)]
            for number in group.specific where rules[Int(number)].pattern == nil {
                tally.add(rules[Int(number)], number, under: group.cap)
            }
            return tally
        }
        self.classes = classes
    }

    /// The decision about the volume itself.
    var volume: AccessDecision {
        var tally = RuleTally()
        for (number, rule) in rules.enumerated() where rule.isAboutVolume {
            tally.add(rule, Int32(number), under: .read)
        }
        return decision(tally)
    }

    /// What follows from leaves, in order.
    func covering(_ leaves: [Int32]) -> CoveringRules {
        let numbers = leaves.flatMap { rulesAtLeaf[Int($0)] }
        return CoveringRules(
            general: Self.general(numbers, rules),
            specific: numbers.filter { rules[Int($0)].isSpecific }.sorted())
    }

    /// The rules at leaves that are given as ranges, each once.
    func rules(at ranges: [Range<Int32>]) -> [Int32] {
        var isIn = Array(repeating: false, count: rulesAtLeaf.count)
        for range in ranges {
            for leaf in range { isIn[Int(leaf)] = true }
        }
        return isIn.indices.lazy.filter { isIn[$0] }.flatMap { rulesAtLeaf[$0] }
    }

    /// The tally for a group where these rules cover.
    func tally(_ group: ClassGroups.Group, under covering: CoveringRules) -> RuleTally {
        var tally = group.everywhere
        tally.add(covering.general[Int(group.cap.rawValue)])
        tally.add(commonTally(of: group.specific, and: covering.specific, under: group.cap))
        return tally
    }

    /// A tally as a decision.
    func decision(_ tally: RuleTally) -> AccessDecision {
        guard tally.grant >= 0 else { return AccessDecision(level: .none, grant: nil) }
        let grant = rules[Int(tally.grant)].name
        if tally.left < tally.granted {
            return AccessDecision(
                level: tally.left, grant: grant,
                cap: .denial(rule: rules[Int(tally.denial)].name))
        }
        return AccessDecision(
            level: tally.granted, grant: grant,
            cap: tally.granted < tally.promised ? .embargo : .none)
    }

    /// The tally of the rules that are in both lists, which are in order.
    func commonTally(
        of first: [Int32], and second: [Int32], under cap: AccessLevel
    ) -> RuleTally {
        var tally = RuleTally()
        let (short, long) = first.count < second.count ? (first, second) : (second, first)
        for number in short {
            let index = long.firstIndex(atOrAbove: number)
            if index < long.count, long[index] == number {
                tally.add(rules[Int(number)], number, under: cap)
            }
        }
        return tally
    }

    /// The tallies of those of `numbers` that ask nothing of attributes.
    private static func general(
        _ numbers: some Sequence<Int32>, _ rules: [LiveRule]
    ) -> [RuleTally] {
        var tallies = Array(repeating: RuleTally(), count: AccessLevel.allCases.count)
        for number in numbers where !rules[Int(number)].isSpecific {
            let rule = rules[Int(number)]
            for cap in AccessLevel.allCases where rule.holds(under: cap) {
                tallies[Int(cap.rawValue)].add(rule, number, under: cap)
            }
        }
        return tallies
    }
}
