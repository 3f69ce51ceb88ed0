internal import AccessControl
internal import ControlStore
internal import VolumeModel
internal import YAMLFiles

extension PlanBuilder {
    /// Teams of the files, with their members.
    mutating func planTeams() {
        for document in files.teams {
            let name = document.name.value
            let record = TeamRecord(title: document.title, label: options.label)
            let members = (document.members ?? []).map(\.value)
            guard let old = snapshot.teams[name] else {
                add(.team, .setTeam(name, record))
                for member in members { add(.member, .setMembership(name, member)) }
                let details =
                    (document.title.map { ["title \(Printable.quoted($0))"] } ?? [])
                    + members.map { "+ \(Self.words($0))" }
                changes.append(PlanChange(.add, .team, name.string, details))
                continue
            }
            guard owns("team \(name)", labelled: old.label, at: document.name.place) else {
                continue
            }
            var details = labelDetails(old.label)
            details.compare(
                "title", old.title.map { Printable.quoted($0) },
                document.title.map { Printable.quoted($0) })
            if old != record { add(.team, .setTeam(name, record)) }
            if document.members != nil { details += planMembers(of: name, members) }
            note(.team, name.string, details)
        }
    }

    /// Teams that are in no file any more, once it is known which rules stay.
    mutating func planTeamRemovals() {
        let users = usersOfTeams
        for name in orphanedTeams.sorted() {
            guard options.isPruning, users[name] == nil else {
                kept.append(
                    PlanRemainder(
                        kind: .team, name: name.string,
                        reason: options.isPruning
                            ? "\(users[name] ?? "another object") names it" : "--prune removes it")
                )
                continue
            }
            // A team that holds another goes as a member before that one goes as a team.
            for membership in snapshot.policy.teams[name] ?? [] {
                if case .team = membership.member {
                    add(.removal, .removeMembership(name, membership.member))
                }
            }
            add(.last, .removeTeam(name))
            changes.append(PlanChange(.remove, .team, name.string))
        }
    }

    private mutating func planMembers(
        of team: TeamName, _ members: [Membership]
    ) -> [String] {
        var old: [TeamMember: Membership] = [:]
        for membership in snapshot.policy.teams[team] ?? [] { old[membership.member] = membership }
        var details: [String] = []
        for membership in members {
            let before = old.removeValue(forKey: membership.member)
            guard before != membership else { continue }
            add(.member, .setMembership(team, membership))
            details.append(
                before.map { "~ \(Self.words($0)) -> \(Self.words(membership))" }
                    ?? "+ \(Self.words(membership))")
        }
        for membership in old.values.sorted(by: { $0.member.words < $1.member.words }) {
            add(.removal, .removeMembership(team, membership.member))
            details.append("- \(Self.words(membership))")
        }
        return details
    }

    private static func words(_ membership: Membership) -> String {
        let role = membership.role == .member ? "" : " as \(membership.role.rawValue)"
        let until = membership.until.map { " until \($0.iso8601)" } ?? ""
        return membership.member.words + role + until
    }
}
