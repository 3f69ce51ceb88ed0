package import VolumeModel

/// How somebody is a member of a team: by his own membership, or through teams that are members.
package struct TeamWay: Hashable, Sendable {
    /// A membership on the way.
    package struct Step: Hashable, Sendable {
        /// The team.
        package let team: TeamName
        /// What the member on the next step, or the user himself, is in it.
        package let role: TeamRole
        /// When that ends; nil: never by itself.
        package let until: Timestamp?
    }

    /// The steps, from the team that a rule is about to the one that the user himself is in.
    package let steps: [Step]
    /// The user.
    package let user: UserName

    /// The shortest way by memberships that hold at `now` and make `user` at least `role` in `team`;
    /// nil where there is none.
    package static func find(
        _ user: UserName, in team: TeamName, atLeast role: TeamRole, policy: AccessPolicy,
        at now: Timestamp
    ) -> TeamWay? {
        var ways: [(team: TeamName, steps: [Step])] = [(team, [])]
        var seen: Set<TeamName> = [team]
        var index = 0
        while index < ways.count {
            let (team, steps) = ways[index]
            // Only in the rule's own team does the role count.
            let lowest = index == 0 ? role : .member
            index += 1
            let memberships = (policy.teams[team] ?? []).filter { membership in
                membership.role >= lowest && membership.until.map { now < $0 } ?? true
            }
            let step = { (membership: Membership) in
                Step(team: team, role: membership.role, until: membership.until)
            }
            let own = memberships.filter { $0.member == .user(user) }.max { $0.role < $1.role }
            if let own { return TeamWay(steps: steps + [step(own)], user: user) }
            for membership in memberships {
                if case .team(let inner) = membership.member, seen.insert(inner).inserted {
                    ways.append((inner, steps + [step(membership)]))
                }
            }
        }
        return nil
    }

    /// `team jwst-1288 <- team jwst-all <- user jane`, with roles other than member and with ends.
    package var text: String {
        var text = ""
        for step in steps {
            text += "team \(step.team)"
            if step.role > .member { text += " as its \(step.role.rawValue)" }
            if let until = step.until { text += " until \(until.iso8601)" }
            text += " <- "
        }
        return text + "user \(user)"
    }
}
