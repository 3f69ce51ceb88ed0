package import VolumeModel

/// A user, as rules see him.
package struct UserRecord: Hashable, Sendable {
    /// Whether he is locked out: he then sees nothing, not even what anyone sees.
    package var isDisabled: Bool

    /// Puts a record together.
    package init(isDisabled: Bool = false) { self.isDisabled = isDisabled }
}

/// Who can be a member of a team.
package enum TeamMember: Hashable, Sendable {
    case user(UserName)
    /// Every member of that team, whatever its role there.
    case team(TeamName)
}

/// A membership in a team.
package struct Membership: Hashable, Sendable {
    /// Who.
    package var member: TeamMember
    /// As what.
    package var role: TeamRole
    /// Until when, that instant not included; nil: for ever.
    package var until: Timestamp?

    /// Puts a membership together.
    package init(member: TeamMember, role: TeamRole = .member, until: Timestamp? = nil) {
        self.member = member
        self.role = role
        self.until = until
    }
}

/// What decides about one volume.
package struct VolumePolicy: Hashable, Sendable {
    /// Grants and denials, in no order.
    package var rules: [AccessRule]
    /// Nil: everything is released.
    package var embargo: EmbargoPolicy?
    /// Release times from the archive's table.
    package var releases: [ReleaseRow]
    /// The classes of its entries. `AccessClassID.none` has no attributes and need not be here; an
    /// entry of any other class that is not here is at `none` for everybody.
    package var classes: [AccessClassID: AccessClass]

    /// Puts a policy together.
    package init(
        rules: [AccessRule] = [], embargo: EmbargoPolicy? = nil, releases: [ReleaseRow] = [],
        classes: [AccessClassID: AccessClass] = [:]
    ) {
        self.rules = rules
        self.embargo = embargo
        self.releases = releases
        self.classes = classes
    }
}

/// Everything that decisions follow from, beside the time.
package struct AccessPolicy: Hashable, Sendable {
    /// The users of this site. Somebody who is not here sees nothing.
    package var users: [UserName: UserRecord]
    /// The teams and their direct members. Nesting has no cycles.
    package var teams: [TeamName: [Membership]]
    /// The volumes; one that is not here is closed to everybody.
    package var volumes: [VolumeName: VolumePolicy]

    /// Puts a policy together.
    package init(
        users: [UserName: UserRecord] = [:], teams: [TeamName: [Membership]] = [:],
        volumes: [VolumeName: VolumePolicy] = [:]
    ) {
        self.users = users
        self.teams = teams
        self.volumes = volumes
    }
}

/// Who asks, as the engine knows him.
package enum Requester: Hashable, Sendable {
    /// Somebody without an identity.
    case anyone
    /// A user of this site.
    case user(UserName)
}
