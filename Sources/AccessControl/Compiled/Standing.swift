internal import VolumeModel

/// What a requester is at an instant: locked out, somebody without a name, or a user in his teams.
struct Standing {
    private enum Identity {
        case anyone
        case user(UserName)
        /// Disabled, or not known: no rule is about him.
        case lockedOut
    }

    /// How a rule's subject bears on a requester.
    enum Bearing {
        /// In no way, now or ever.
        case never
        /// It may have, or may yet, by a membership that ends; not now.
        case atOtherTimes
        /// For every entry.
        case always
        /// For entries whose class makes the template name one of his teams.
        case byClass(TeamTemplate, TeamRole)
    }

    private let identity: Identity
    /// The teams he is in now, with the best role over all ways.
    let teams: [TeamName: TeamRole]
    /// The teams he was in at any time, or is.
    private let everTeams: Set<TeamName>

    /// Whether no rule helps him.
    var isLockedOut: Bool { if case .lockedOut = identity { true } else { false } }

    /// - Parameter interval: where memberships that end are noted; its instant is the one that counts.
    init(of requester: Requester, in policy: AccessPolicy, _ interval: inout ViewInterval) {
        guard case .user(let name) = requester else {
            (identity, teams, everTeams) = (.anyone, [:], [])
            return
        }
        guard let record = policy.users[name], !record.isDisabled else {
            (identity, teams, everTeams) = (.lockedOut, [:], [])
            return
        }
        identity = .user(name)
        // For each team the ones that have it as a member, and the teams that have the user himself.
        var outer: [TeamName: [(team: TeamName, membership: Membership)]] = [:]
        var own: [(team: TeamName, membership: Membership)] = []
        for (team, memberships) in policy.teams {
            for membership in memberships {
                switch membership.member {
                case .user(name): own.append((team, membership))
                case .user: break
                case .team(let inner): outer[inner, default: []].append((team, membership))
                }
            }
        }
        var roles: [TeamName: TeamRole] = [:]
        var ever: Set<TeamName> = []
        // First along all memberships, for what may flip; then along those that hold.
        var pending = own
        while let (team, membership) = pending.popLast() {
            interval.flip(at: membership.until)
            if ever.insert(team).inserted { pending += outer[team] ?? [] }
        }
        let now = interval.now
        let holds = { (membership: Membership) in membership.until.map { now < $0 } ?? true }
        pending = own
        while let (team, membership) = pending.popLast() {
            guard holds(membership) else { continue }
            let known = roles.updateValue(
                max(roles[team] ?? membership.role, membership.role), forKey: team)
            // What he is in an outer team hangs on the inner team's role there, not on his here.
            if known == nil { pending += outer[team] ?? [] }
        }
        teams = roles
        everTeams = ever
    }

    /// How a subject bears on him.
    func bearing(of subject: Subject) -> Bearing {
        switch (identity, subject) {
        case (.lockedOut, _): return .never
        case (_, .anyone): return .always
        case (.anyone, _): return .never
        case (.user, .authenticated): return .always
        case (.user(let own), .user(let name)): return own == name ? .always : .never
        case (.user, .team(let template, let role)):
            guard let team = template.team else {
                return everTeams.isEmpty ? .never : .byClass(template, role)
            }
            if let held = teams[team], held >= role { return .always }
            return everTeams.contains(team) ? .atOtherTimes : .never
        }
    }
}
