internal import AccessControl
internal import ControlStore
internal import VolumeModel
internal import YAMLFiles

extension PlanBuilder {
    /// Names in the files that nothing is called, and teams that hold themselves.
    mutating func checkReferences() {
        for team in files.teams {
            for member in team.members ?? [] {
                switch member.value.member {
                case .user(let user): check(user, at: member.place)
                case .team(let team): check(team, at: member.place)
                }
            }
        }
        for policy in files.policies {
            let volume = policy.volume.value
            if volumes[volume] == nil, fileVolumes[volume] == nil {
                faults.add(
                    policy.volume.place, "there is no volume \(volume)",
                    remedy: "write a document kind: Volume, or perigee volume add \(volume)")
            }
            if fileVolumes[volume] == nil, let record = volumes[volume] {
                policy.checkRules(embargo: record.settings.embargo, &faults)
            }
            for entry in policy.rules {
                switch entry.rule.subject {
                case .user(let user): check(user, at: entry.subjectPlace)
                case .team(let template, _):
                    // Which teams a template names depends on the entries.
                    if let team = template.team { check(team, at: entry.subjectPlace) }
                case .anyone, .authenticated: break
                }
            }
        }
        checkNesting()
    }

    /// Notes each cycle of teams at a membership of the files that closes it.
    private mutating func checkNesting() {
        var teams = snapshot.policy.teams
        for team in files.teams {
            if let members = team.members { teams[team.name.value] = members.map(\.value) }
        }
        while let cycle = AccessPolicy.nestingCycle(in: teams) {
            let pairs = zip(cycle, cycle.dropFirst() + cycle.prefix(1))
            let spots = pairs.compactMap { holder, held in
                fileTeams[holder]?.members?.first { $0.value.member == .team(held) }
                    .map { (holder: holder, place: $0.place) }
            }
            guard let (holder, place) = spots.min(by: { $0.place < $1.place }),
                let start = cycle.firstIndex(of: holder)
            else { return }
            let words = (cycle[start...] + cycle[...start]).map(\.string).joined(separator: " > ")
            faults.add(
                place, "the team \(holder) would hold itself: \(words)",
                remedy: "take one of them out of the other")
            // Without this membership there may be other cycles.
            let held = cycle[(start + 1) % cycle.count]
            teams[holder]?.removeAll { $0.member == .team(held) }
        }
    }

    private mutating func check(_ user: UserName, at place: FilePlace) {
        guard snapshot.policy.users[user] == nil else { return }
        faults.add(
            place, "there is no user \(user)", remedy: "perigee user add \(user)")
    }

    private mutating func check(_ team: TeamName, at place: FilePlace) {
        if fileTeams[team] != nil { return }
        guard let record = snapshot.teams[team] else {
            return faults.add(
                place, "there is no team \(team)",
                remedy: "write a document kind: Team, or perigee team add \(team)")
        }
        guard options.isPruning, record.label == options.label else { return }
        faults.add(
            place, "the team \(team) is in no file any more, and --prune would remove it",
            remedy: "write a document kind: Team for it, or leave --prune out")
    }

    /// The teams that carry the label and are in no file any more.
    var orphanedTeams: Set<TeamName> {
        Set(
            snapshot.teams.filter { $0.value.label == options.label && fileTeams[$0.key] == nil }
                .keys)
    }

    /// What stays and names a team, in words, by team: rules and teams that no file speaks of.
    var usersOfTeams: [TeamName: String] {
        let orphans = orphanedTeams
        var users: [TeamName: String] = [:]
        for (volume, policy) in snapshot.policy.volumes {
            for rule in policy.rules where isStaying(rule, of: volume) {
                if case .team(let template, _) = rule.subject, let team = template.team {
                    users[team] = "the rule \(volume)/\(rule.name)"
                }
            }
        }
        // An orphan that stays keeps those it holds.
        var holders = snapshot.policy.teams.keys.filter {
            fileTeams[$0]?.members == nil && (!orphans.contains($0) || users[$0] != nil)
        }
        while let holder = holders.popLast() {
            for membership in snapshot.policy.teams[holder] ?? [] {
                guard case .team(let team) = membership.member, users[team] == nil else { continue }
                users[team] = "the team \(holder)"
                if orphans.contains(team) { holders.append(team) }
            }
        }
        return users
    }

    /// Whether a rule of the state stays as it is: the files' own were looked at in the files.
    private func isStaying(_ rule: AccessRule, of volume: VolumeName) -> Bool {
        snapshot.ruleLabels[volume]?[rule.name] != options.label
            && fileRules[volume]?.contains(rule.name) != true
    }
}
