package import AccessControl
package import VolumeModel
package import YAMLFiles

/// What a document `kind: Team` says: who is in a team.
package struct TeamDocument: Sendable {
    /// Which team.
    package let name: Located<TeamName>
    /// One line for people.
    package let title: String?
    /// Its members; nil where the file leaves them to commands.
    package let members: [Located<Membership>]?

    static let keys = ["kind", "name", "title", "members"]
    private static let memberKeys = ["user", "team", "role", "until"]

    /// Reads a document; nil where it has faults.
    init?(_ node: YAMLNode, _ faults: inout FileFaults) {
        let before = faults.count
        guard let reader = FieldReader(node, of: "a Team", keys: Self.keys, &faults) else {
            return nil
        }
        let name = reader.requiredValue("name", &faults, TeamName.init)
        title = reader.line("title", &faults)
        var members: [Located<Membership>] = []
        let items = reader.list("members", &faults)
        for item in items ?? [] {
            guard let member = Self.member(item, &faults) else { continue }
            if let other = members.first(where: { $0.value.member == member.value.member }) {
                faults.add(
                    member.place, "\(member.value.member.words) is a member already",
                    remedy: "keep this one or that of line \(other.place.line)")
            }
            members.append(member)
        }
        guard faults.count == before, let name else { return nil }
        self.name = name
        self.members = items == nil ? nil : members
    }

    private static func member(
        _ node: YAMLNode, _ faults: inout FileFaults
    ) -> Located<Membership>? {
        guard let reader = FieldReader(node, of: "a member", keys: memberKeys, &faults) else {
            return nil
        }
        let role = reader.value("role", &faults, TeamRole.init(parsing:))?.value ?? .member
        let until = reader.value("until", &faults, Timestamp.init(parsing:))?.value
        guard reader.has("user") != reader.has("team") else {
            faults.add(
                reader.place, "a member is either a `user` or a `team`",
                remedy: "write - user: NAME, or - team: NAME")
            return nil
        }
        if let user = reader.value("user", &faults, UserName.init) {
            return Located(
                Membership(member: .user(user.value), role: role, until: until), at: user.place)
        }
        if let team = reader.value("team", &faults, TeamName.init) {
            return Located(
                Membership(member: .team(team.value), role: role, until: until), at: team.place)
        }
        return nil
    }
}

extension TeamRole {
    /// Reads a role's word.
    init(parsing text: String) throws(PerigeeError) {
        guard let role = TeamRole(rawValue: text) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no role",
                remedy: "a role is owner, manager or member")
        }
        self = role
    }
}

extension TeamMember {
    /// `user:jane`, `team:euclid`.
    var words: String {
        switch self {
        case .user(let name): "user:\(name)"
        case .team(let name): "team:\(name)"
        }
    }
}
