internal import Synchronization
package import VolumeModel

extension AccessView {
    /// What every entry below the folder at a place has in common.
    package enum Reach: Hashable, Sendable {
        /// None of any class is at `list` or above.
        case nothing
        /// Each of every class that the policy knows is.
        case everything
        /// It depends, or cannot be told cheaply.
        case some
    }

    /// What every entry below the folder at `place` has in common, as far as that is cheap to tell.
    package func reach(below place: Place) -> Reach {
        guard let compiled else { return .nothing }
        // Kept in the place, which all folders that stand alike share.
        switch place.note.load(ordering: .relaxed) {
        case 1: return .nothing
        case 2: return .everything
        case 3: return .some
        default: break
        }
        let leaves = table.withLock { $0.leaves(below: place) }
        let reach = compiled.reach(under: place.value, ahead: compiled.rules(at: leaves))
        let note: UInt8 =
            switch reach {
            case .nothing: 1
            case .everything: 2
            case .some: 3
            }
        place.note.store(note, ordering: .relaxed)
        return reach
    }

    /// The classes of which some entry may be at `list` or above, wherever it stands. Every entry
    /// of a class that is not in it is below that.
    package var visibleClasses: Set<AccessClassID> {
        guard let compiled else { return [] }
        return visible.withLock { known in
            if let known { return known }
            let classes = compiled.visibleClasses
            known = classes
            return classes
        }
    }
}

/// What tallies of a group can come to where some rules are sure to match and some may.
private struct TallyBounds {
    /// With all the grants that may match, and no denial that only may.
    var highest: AccessLevel
    /// The other way round.
    var lowest: AccessLevel
}

extension CompiledRules {
    /// The one level of every known class, where there are no patterns.
    var uniform: AccessLevel? {
        guard patterns.leafCount == 0 else { return nil }
        var levels = Set(classes.groups.indices.map { classes.groups[$0].everywhere.level })
        guard levels.count == 1, let level = levels.popFirst() else { return nil }
        // The class at a link's target is of a group too, unless it is not known.
        let isBroken = classes.links.values.contains { $0.link.target != nil && $0.target == nil }
        return isBroken && level > .none ? nil : level
    }

    /// What everything below a folder has in common.
    ///
    /// - Parameters:
    ///   - covering: what covers the folder, and so everything below it.
    ///   - ahead: the rules whose patterns may match below it.
    func reach(under covering: CoveringRules, ahead: [Int32]) -> AccessView.Reach {
        let tallies = ahead.isEmpty ? [] : bounds(of: ahead)
        let specific = ahead.filter { rules[Int($0)].isSpecific }.sorted()
        var (isNothing, isEverything) = (true, true)
        for group in classes.groups {
            let bounds = bounds(of: group, under: covering, ahead: tallies, specific)
            if bounds.highest >= .list { isNothing = false }
            if bounds.lowest < .list { isEverything = false }
            if !isNothing && !isEverything { return .some }
        }
        if isNothing { return .nothing }
        return areTargetsVisible ? .everything : .some
    }

    /// The classes that some path may show.
    var visibleClasses: Set<AccessClassID> {
        let all = rules(at: [0..<Int32(patterns.leafCount)])
        let tallies = bounds(of: all)
        let specific = all.filter { rules[Int($0)].isSpecific }.sorted()
        let nowhere = self.covering([])
        let isVisible = classes.groups.map {
            bounds(of: $0, under: nowhere, ahead: tallies, specific).highest >= .list
        }
        var visible: Set<AccessClassID> = []
        let isLinkFree = classes.links.isEmpty
        classes.forEachClass { id, group in
            guard isVisible[group] else { return }
            if !isLinkFree, let linked = classes.links[id], linked.link.target != nil {
                guard let target = classes.target(of: linked), isVisible[target] else { return }
            }
            visible.insert(id)
        }
        return visible
    }

    /// Whether what links lead to is at `list` or above wherever it stands.
    private var areTargetsVisible: Bool {
        if classes.links.isEmpty { return true }
        let all = rules(at: [0..<Int32(patterns.leafCount)])
        let tallies = bounds(of: all)
        let specific = all.filter { rules[Int($0)].isSpecific }.sorted()
        let nowhere = self.covering([])
        let isVisible = classes.groups.map {
            bounds(of: $0, under: nowhere, ahead: tallies, specific).lowest >= .list
        }
        return classes.links.values.allSatisfy { linked in
            linked.link.target == nil || classes.target(of: linked).map { isVisible[$0] } ?? false
        }
    }

    /// The best grant and the lowest denial of rules without attributes, by what the embargo leaves.
    private func bounds(of ahead: [Int32]) -> [TallyBounds] {
        AccessLevel.allCases.map { cap in
            var tally = RuleTally()
            for number in ahead where !rules[Int(number)].isSpecific {
                let rule = rules[Int(number)]
                if rule.holds(under: cap) { tally.add(rule, number, under: cap) }
            }
            return TallyBounds(highest: tally.granted, lowest: tally.left)
        }
    }

    private func bounds(
        of group: ClassGroups.Group, under covering: CoveringRules, ahead: [TallyBounds],
        _ specific: [Int32]
    ) -> TallyBounds {
        let sure = tally(group, under: covering)
        var granted = sure.granted
        var left = sure.left
        if !ahead.isEmpty {
            granted = max(granted, ahead[Int(group.cap.rawValue)].highest)
            left = min(left, ahead[Int(group.cap.rawValue)].lowest)
        }
        let own = commonTally(of: group.specific, and: specific, under: group.cap)
        granted = max(granted, own.granted)
        left = min(left, own.left)
        return TallyBounds(highest: min(granted, sure.left), lowest: min(sure.granted, left))
    }
}
