package import AccessControl
internal import ControlStore
package import VolumeModel

/// A world made at random, and what happens in it: rules, people, classes, release times, the clock
/// and the archive change.
///
/// Every name and every content is there once, so what leaks can be told from all else.
package struct AccessChance: Sendable {
    /// Where chance comes from.
    package var random: SeededRandom
    /// What it happens to.
    package let world: AccessWorld
    /// The volumes that have something in them.
    package let volumes: [VolumeName]
    /// Makes rules and the like of the world's own paths.
    private var access: RandomAccess
    /// Counts names and versions.
    var serial = 0

    /// Makes a world in `folder`.
    package init(_ random: SeededRandom, in folder: String) throws {
        var random = random
        let world = try AccessWorld(in: folder)
        access = RandomAccess(SeededRandom(seed: random.next()))
        self.random = random
        self.world = world
        volumes = try ["alpha", "beta"].map { try world.addVolume($0) }
        world.hand.turn(to: access.instant())
        for volume in volumes {
            try plant(volume)
            try world.publish(volume)
            try grow(volume)
            try world.publish(volume)
        }
        learnPaths()
        try populate()
    }

    /// Somebody, known or not.
    package mutating func principal() -> Principal {
        switch access.requester() {
        case .anyone: .anyone
        case .user(let name): .user(name, credential: nil)
        }
    }

    /// A state of a volume, mostly one that is there.
    package mutating func state() -> (VolumeName, RevisionSelector) {
        let volume = random.pick(volumes)
        switch random.below(10) {
        case 0: return (volume, .candidate)
        case 1..<6: return (volume, .current)
        default:
            let highest = world.model.volumes[volume]?.revisions.count ?? 0
            return (volume, .pinned(RevisionNumber(1 + random.below(highest + 1))!))
        }
    }

    /// A path that is, was or might be in a volume, or is nearly one.
    package mutating func path(in volume: VolumeName) -> EntryPath {
        let known = access.paths
        var path = known.isEmpty ? [] : random.pick(known)
        switch random.below(12) {
        case 0: path = []
        case 1: path.append(UInt8(ascii: "x"))
        case 2: path = Array(path.dropLast())
        case 3: path += Array("/beyond".utf8)
        default: break
        }
        return (try? EntryPath(path)) ?? .root
    }

    /// Anything that can be asked.
    package mutating func question() -> AccessQuestion {
        let (volume, revision) = state()
        return AccessQuestion(volume, revision, path(in: volume))
    }

    /// Changes something, and says what.
    package mutating func change() throws -> String {
        let volume = random.pick(volumes)
        switch random.below(20) {
        case 0..<6:
            return try set(access.rule(named: "rule-\(random.below(8))"), on: volume)
        case 6, 7: return try removeRule(from: volume)
        case 8, 9: return try membership()
        case 10:
            let user = random.pick(access.users)
            let isDisabled = world.model.users[user]?.isDisabled ?? false
            try world.apply([.setUserDisabled(user, !isDisabled)])
            return "\(user) is \(isDisabled ? "let in" : "locked out")"
        case 11, 12:
            let releases = access.volumePolicy(rules: 1, classes: 1).releases
            try world.apply([.setReleases(volume, releases)])
            return "\(volume) has \(releases.count) rows of releases"
        case 13, 14: return try settings(of: volume)
        case 15, 16: return try attributes(of: volume)
        case 17: return try rollBack(volume)
        default: return try revise(volume)
        }
    }

    /// Turns the clock, forward or back.
    package mutating func turnClock() { world.hand.turn(to: access.instant()) }

    // MARK: Who may see what

    private mutating func populate() throws {
        let policy = access.policy(for: volumes, rules: 8, classes: 1)
        try world.apply(access.users.map { .addUser($0) })
        try world.apply(access.teams.map { .setTeam($0, TeamRecord()) })
        for team in access.teams {
            for membership in policy.teams[team] ?? [] {
                try world.apply([.setMembership(team, membership)])
            }
        }
        for volume in volumes {
            for rule in policy.volumes[volume]?.rules ?? [] { _ = try set(rule, on: volume) }
            _ = try settings(of: volume)
            _ = try attributes(of: volume)
            try world.apply([.setReleases(volume, policy.volumes[volume]?.releases ?? [])])
        }
    }

    private func set(_ rule: AccessRule, on volume: VolumeName) throws -> String {
        do {
            try world.apply([.setRule(volume, rule, label: nil)])
            return "\(volume): \(rule)"
        } catch let error as PerigeeError where error.code == .invalidArgument {
            return "\(volume) cannot have \(rule.name)"
        }
    }

    private mutating func removeRule(from volume: VolumeName) throws -> String {
        let names = (world.model.volumes[volume]?.rules.keys).map { $0.sorted() } ?? []
        guard !names.isEmpty else { return "nothing" }
        let name = random.pick(names)
        try world.apply([.removeRule(volume, name: name)])
        return "\(volume) loses \(name)"
    }

    private mutating func membership() throws -> String {
        let index = random.below(access.teams.count)
        let team = access.teams[index]
        let members = world.model.teams[team] ?? []
        if !members.isEmpty, random.once(in: 2) {
            let member = random.pick(members).member
            try world.apply([.removeMembership(team, member)])
            return "\(member) leaves \(team)"
        }
        // Of teams those before it, so that none nests in itself.
        let member: TeamMember =
            index > 0 && random.once(in: 3)
            ? .team(access.teams[random.below(index)]) : .user(random.pick(access.users))
        let membership = Membership(
            member: member, role: random.pick(TeamRole.allCases),
            until: random.once(in: 3) ? access.instant() : nil)
        try world.apply([.setMembership(team, membership)])
        return "\(membership) in \(team)"
    }

    private mutating func settings(of volume: VolumeName) throws -> String {
        var settings = VolumeSettings(
            embargo: access.volumePolicy(rules: 1, classes: 1).embargo,
            isRevocationHard: random.once(in: 3))
        if random.once(in: 2) {
            let text = random.pick(["**/{kind:1}_{proposal_id:1}*", "jw{proposal_id:1}*/**"])
            settings.expressions = [try PathExpression(text)]
        }
        try world.apply([.setSettings(volume, settings)])
        return "\(volume): \(settings)"
    }

    private mutating func attributes(of volume: VolumeName) throws -> String {
        var rows: [AttributeRow] = []
        for _ in 0..<random.below(10) {
            let pattern = access.pattern()
            for (key, value) in access.attributes() where !value.isEmpty {
                rows.append(AttributeRow(pattern: pattern, key: key, value: value))
            }
        }
        let model = world.model.volumes[volume]
        let trees = (model?.revisions ?? []) + [model?.candidate].compactMap(\.self)
        let paths = Set(trees.flatMap { Array($0.nodes.keys) + Array($0.targets.values) })
        // Two rows that clash are refused; what they would be about has to be told.
        var kept: [AttributeRow] = []
        for row in rows {
            let covered = paths.filter { row.pattern.covers($0) }
            let clashes = kept.contains { other in
                other.key == row.key && other.value != row.value
                    && covered.contains { other.pattern.covers($0) }
            }
            if !clashes { kept.append(row) }
        }
        try world.apply([.setAttributeRows(volume, kept)])
        return "\(volume) has \(kept.count) rows of attributes"
    }

    // MARK: The archive

    private mutating func rollBack(_ volume: VolumeName) throws -> String {
        let highest = world.model.volumes[volume]?.revisions.count ?? 1
        let number = RevisionNumber(1 + random.below(highest))!
        try world.rollBack(volume, to: number)
        return "\(volume) is at \(number)"
    }

    private mutating func revise(_ volume: VolumeName) throws -> String {
        try grow(volume)
        // A new path may be one that two rows clash at.
        try world.apply([.setAttributeRows(volume, [])])
        try world.scan(volume)
        guard !random.once(in: 3) else { return "\(volume) is scanned" }
        try world.publishCandidate(volume)
        learnPaths()
        return "\(volume) is published"
    }

    private mutating func learnPaths() {
        var paths: Set<[UInt8]> = []
        for volume in volumes {
            for tree in world.model.volumes[volume]?.revisions ?? [] {
                paths.formUnion(tree.nodes.keys)
            }
        }
        access.paths = paths.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
