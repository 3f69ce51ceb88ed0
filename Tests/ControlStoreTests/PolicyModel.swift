import AccessControl
import ControlStore
import PerigeeTesting
import VolumeModel

/// What the control store should hold after operations: a page that does the obvious thing.
struct PolicyModel: Equatable {
    var users: [UserName: UserRecord] = [:]
    var teams: [TeamName: TeamRecord] = [:]
    var members: [TeamName: [TeamMember: Membership]] = [:]
    var volumes: [VolumeName: Volume] = [:]

    struct Volume: Equatable {
        var rules: [String: AccessRule] = [:]
        var labels: [String: PolicyLabel] = [:]
        var settings = VolumeSettings()
        var rows: [AttributeRow] = []
        var releases: [ReleaseRow] = []
    }

    /// Does `operations`, or throws the code of the first that cannot be done.
    func after(_ operations: [ControlOperation]) -> Result<PolicyModel, Refusal> {
        var next = self
        for operation in operations {
            if let code = next.refusal(of: operation) { return .failure(Refusal(code: code)) }
            next.apply(operation)
        }
        return .success(next)
    }

    struct Refusal: Error, Equatable {
        let code: PerigeeError.Code
    }

    /// What a snapshot should say.
    var policy: AccessPolicy {
        AccessPolicy(
            users: users,
            teams: teams.keys.reduce(into: [:]) { all, team in
                all[team] = (members[team] ?? [:]).values.sorted {
                    Self.order($0.member) < Self.order($1.member)
                }
            },
            volumes: volumes.mapValues { volume in
                VolumePolicy(
                    rules: volume.rules.values.sorted { $0.name < $1.name },
                    embargo: volume.settings.embargo, releases: volume.releases)
            })
    }

    private static func order(_ member: TeamMember) -> String {
        switch member {
        case .user(let name): "1\(name)"
        case .team(let name): "2\(name)"
        }
    }

    private func refusal(of operation: ControlOperation) -> PerigeeError.Code? {
        switch operation {
        case .addUser(let name): return users[name] == nil ? nil : .conflict
        case .setUserDisabled(let name, _): return users[name] == nil ? .notFound : nil
        case .removeUser(let name):
            guard users[name] != nil else { return .notFound }
            return subjects.contains("user:\(name)") ? .conflict : nil
        case .setTeam: return nil
        case .removeTeam(let name):
            guard teams[name] != nil else { return .notFound }
            let isNamed =
                subjects.contains("team:\(name)")
                || subjects.contains("team:\(name)#manager")
                || subjects.contains("team:\(name)#owner")
            let isMember = members.values.contains { $0[.team(name)] != nil }
            return isNamed || isMember ? .conflict : nil
        case .setMembership(let team, let membership):
            guard teams[team] != nil else { return .notFound }
            switch membership.member {
            case .user(let user): return users[user] == nil ? .notFound : nil
            case .team(let child):
                guard teams[child] != nil else { return .notFound }
                return holds(child, team) ? .conflict : nil
            }
        case .removeMembership(let team, let member):
            return members[team]?[member] == nil ? .notFound : nil
        case .setRule(let volume, let rule, _):
            guard volumes[volume] != nil else { return .notFound }
            switch rule.subject {
            case .user(let user): return users[user] == nil ? .notFound : nil
            case .team(let template, _):
                guard let team = template.team else { return nil }
                return teams[team] == nil ? .notFound : nil
            case .anyone, .authenticated: return nil
            }
        case .removeRule(let volume, let name):
            return volumes[volume]?.rules[name] == nil ? .notFound : nil
        case .setSettings(let volume, _), .setAttributeRows(let volume, _),
            .setReleases(let volume, _), .classesAssigned(let volume, _),
            .setLabel(let volume, _), .setMetadata(let volume, _):
            return volumes[volume] == nil ? .notFound : nil
        case .addVolume(let draft, _): return volumes[draft.name] == nil ? nil : .conflict
        }
    }

    private mutating func apply(_ operation: ControlOperation) {
        switch operation {
        case .addUser(let name): users[name] = UserRecord()
        case .setUserDisabled(let name, let isDisabled): users[name]?.isDisabled = isDisabled
        case .removeUser(let name):
            users[name] = nil
            for team in teams.keys { members[team]?[.user(name)] = nil }
        case .setTeam(let name, let record): teams[name] = record
        case .removeTeam(let name): (teams[name], members[name]) = (nil, nil)
        case .setMembership(let team, let membership):
            members[team, default: [:]][membership.member] = membership
        case .removeMembership(let team, let member): members[team]?[member] = nil
        case .setRule(let volume, let rule, let label):
            volumes[volume]?.rules[rule.name] = rule
            volumes[volume]?.labels[rule.name] = label
        case .removeRule(let volume, let name):
            volumes[volume]?.rules[name] = nil
            volumes[volume]?.labels[name] = nil
        case .setSettings(let volume, let settings): volumes[volume]?.settings = settings
        case .setAttributeRows(let volume, let rows): volumes[volume]?.rows = rows
        case .setReleases(let volume, let rows): volumes[volume]?.releases = rows
        case .addVolume(let draft, _): volumes[draft.name] = Volume()
        case .classesAssigned, .setLabel, .setMetadata: break
        }
    }

    private var subjects: Set<String> {
        Set(volumes.values.flatMap { $0.rules.values.map(\.subject.description) })
    }

    /// Whether `outer` is `inner` or has it as a member somewhere below.
    private func holds(_ outer: TeamName, _ inner: TeamName) -> Bool {
        if outer == inner { return true }
        return (members[outer] ?? [:]).keys.contains { member in
            if case .team(let team) = member { holds(team, inner) } else { false }
        }
    }
}
