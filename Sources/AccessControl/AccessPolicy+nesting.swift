package import VolumeModel

extension AccessPolicy {
    /// A cycle in which teams are members of one another, or nil.
    ///
    /// In it each team is a member of the one before it, and the first one of the last. Memberships
    /// that have ended count as well. The same cycle for the same teams.
    package static func nestingCycle(in teams: [TeamName: [Membership]]) -> [TeamName]? {
        func inner(_ team: TeamName) -> [TeamName] {
            (teams[team] ?? []).compactMap { membership in
                if case .team(let inner) = membership.member { inner } else { nil }
            }.sorted()
        }
        var isDone: Set<TeamName> = []
        for start in teams.keys.sorted() where !isDone.contains(start) {
            // The way down from `start`, with what is still to be looked at on each step.
            var way: [(team: TeamName, pending: [TeamName])] = [(start, inner(start).reversed())]
            var isOnWay: Set<TeamName> = [start]
            while let step = way.last {
                guard let next = step.pending.last else {
                    way.removeLast()
                    isOnWay.remove(step.team)
                    isDone.insert(step.team)
                    continue
                }
                way[way.count - 1].pending.removeLast()
                if isOnWay.contains(next) {
                    return way.map(\.team).drop { $0 != next }.map { $0 }
                }
                if !isDone.contains(next) {
                    way.append((next, inner(next).reversed()))
                    isOnWay.insert(next)
                }
            }
        }
        return nil
    }

    /// The cycle that a membership in `team` would close, or nil.
    package func nestingCycle(adding membership: Membership, to team: TeamName) -> [TeamName]? {
        var teams = teams
        teams[team, default: []].append(membership)
        return Self.nestingCycle(in: teams)
    }
}
