internal import Synchronization
package import VolumeModel

/// What one requester may see of one volume from one instant to another, compiled from a policy.
///
/// Only the rules that bear on the requester now are in it. Classes that these rules treat alike are
/// one group, and the rules' patterns run as one automaton: a decision adds up what a group gets
/// everywhere and what covers the place. It follows the text of the specification rule by rule:
///
/// - The level of an entry is the highest contribution of the grants that match it, lowered to the
///   lowest level of the denials that match it; without a grant it is `none`.
/// - A grant contributes the lower of its level and of what the embargo leaves. One with the
///   condition `embargoed` matches only while the embargo leaves less than `read`, and contributes
///   its level whole.
/// - The embargo leaves `none` before a class's metadata are released, `list` before its data are,
///   and then `read`; on a volume without an embargo always `read`. The class `none` is a class
///   without attributes. `released` holds where `read` is left.
/// - A pattern is about the paths that it covers (`PathPattern.covers`); no pattern is about all of
///   them. Attributes and templates look at the entry's class; a template that names no team matches
///   nobody. A rule holds in `from..<until`.
/// - An entry reached by a link has the lower of its level here, and of the level at the link's
///   target with the class there. Where the target is not known, that alone counts; where the class
///   there is not known, or is a linked one itself, it is `none`.
/// - An entry of a class that the policy does not know is at `none`, as is everything of a volume
///   that it does not have.
/// - `anyone` without an identity matches rules about `anyone` alone. A user who is not known or
///   disabled matches none. Any other matches `anyone`, `authenticated`, himself, and the teams that
///   memberships make him part of while they last. A team that is a member of another has there the
///   role that its membership says, and so has each of its members, whatever his role inside; the
///   best role over all ways counts.
///
/// Safe from any number of threads. A view is right for instants in `from..<until` only: before
/// `from`, when a clock was set back, it is as wrong as after `until`.
package final class AccessView: Sendable {
    /// A hash of everything that decisions of this view follow from: two views with one id decide
    /// alike. Views before and after a release instant have different ids where it changes anything.
    /// The same in every process.
    package let id: UInt64
    /// The instant from which on it holds: the last one at which anything changed, or the first
    /// instant there is.
    package let from: Timestamp
    /// The instant at which it ends: the next one at which anything may change; nil: never by
    /// itself.
    package let until: Timestamp?
    /// What the requester may do with the volume itself: by the rules that are about all of it and
    /// ask nothing of a class. Release times are entries', and do not bear on it.
    package let volume: AccessDecision
    /// The level of every entry of every class that the policy knows, where that is the same and no
    /// pattern bears on it. An entry of a class that it does not know is at `none` all the same.
    package let uniform: AccessLevel?

    /// What decides; nil where nothing is granted.
    let compiled: CompiledRules?
    /// Why nothing is granted, where nothing is.
    private let closedBy: AccessDecision.Cap
    /// The automaton with what it remembers.
    let table: Mutex<PlaceTable<CoveringRules>>
    /// The answer to `visibleClasses`, once it was asked for.
    let visible = Mutex<Set<AccessClassID>?>(nil)

    /// The place of the volume's root.
    package let root: Place

    /// Where an entry stands in the tree, as far as the view's patterns can tell: made once for a
    /// folder, it makes the decision about each name in it cheap. Belongs to the view that made it.
    package typealias Place = PathPlace<CoveringRules>

    /// Compiles the view of `requester` on `volume` at `now`.
    ///
    /// - Parameter classes: the index of the volume's classes, where there is one. One that does not
    ///   fit the policy is not used. Without it the view makes its own, which costs more than all
    ///   else where there are very many classes.
    package convenience init(
        of volume: VolumeName, for requester: Requester, policy: AccessPolicy,
        classes: ClassIndex? = nil, at now: Timestamp
    ) {
        self.init(
            of: volume, for: requester, policy: policy, classes: classes, at: now,
            limit: PlaceLimit())
    }

    /// - Parameter limit: how much is remembered of the paths that were asked for.
    init(
        of volume: VolumeName, for requester: Requester, policy: AccessPolicy,
        classes: ClassIndex? = nil, at now: Timestamp, limit: PlaceLimit
    ) {
        var interval = ViewInterval(around: now)
        let standing = Standing(of: requester, in: policy, &interval)
        var compiled: CompiledRules?
        if let volumePolicy = policy.volumes[volume], !standing.isLockedOut {
            let rules = LiveRule.rules(of: volumePolicy, for: standing, &interval)
            if !rules.isEmpty {
                let keys = LiveRule.keys(of: rules)
                let known = classes.flatMap { $0.fits(volumePolicy, asking: keys) ? $0 : nil }
                let index = known ?? ClassIndex(of: volumePolicy, asking: keys)
                let specific = SpecificRules(rules, teams: standing.teams, of: index)
                compiled = CompiledRules(rules, ClassGroups(of: index, specific, &interval))
            }
        }
        self.compiled = compiled
        closedBy = standing.isLockedOut ? .user : .none
        from = interval.from
        until = interval.until
        self.volume =
            compiled?.volume ?? AccessDecision(level: .none, grant: nil, cap: closedBy)
        uniform = compiled.map(\.uniform) ?? AccessLevel.none
        id = Self.id(of: volume, compiled, closedBy)
        let patterns = compiled?.patterns ?? PathPatternSet([])
        let table = PlaceTable(patterns, limit: limit) { [compiled] leaves in
            compiled?.covering(leaves) ?? CoveringRules(general: [], specific: [])
        }
        root = table.root
        self.table = Mutex(table)
    }

    /// The place of the entry called `name` in the folder at `place`.
    package func place(of name: UnsafeRawBufferPointer, in place: Place) -> Place {
        if place.isSettled { return place }
        return table.withLock { $0.place(of: name, in: place) }
    }

    /// The place of the entry at `path`.
    package func place(at path: [UInt8]) -> Place {
        if root.isSettled { return root }
        return path.withUnsafeBytes { bytes in table.withLock { $0.place(at: bytes) } }
    }

    /// What holds for an entry of that class.
    ///
    /// - Parameter path: the entry's path; asked for only where the class is one of linked entries.
    package func decision(
        _ accessClass: AccessClassID, at place: Place, path: () -> [UInt8]
    ) -> AccessDecision {
        guard let compiled else {
            return AccessDecision(level: .none, grant: nil, cap: closedBy)
        }
        guard let (number, isLinked) = compiled.classes.group(of: accessClass) else {
            return AccessDecision(level: .none, grant: nil, cap: .unknownClass)
        }
        let own = compiled.tally(compiled.classes.groups[number], under: place.value)
        guard isLinked, own.level > .none, let linked = compiled.classes.links[accessClass],
            let target = linked.link.target(of: path())
        else { return compiled.decision(own) }
        guard let number = compiled.classes.target(of: linked) else {
            return AccessDecision(level: .none, grant: nil, cap: .link)
        }
        let there = compiled.tally(
            compiled.classes.groups[number], under: self.place(at: target).value)
        guard there.level < own.level else { return compiled.decision(own) }
        let decision = compiled.decision(there)
        return AccessDecision(level: decision.level, grant: decision.grant, cap: .link)
    }
}
