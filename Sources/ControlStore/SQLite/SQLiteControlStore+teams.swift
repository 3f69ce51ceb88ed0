internal import AccessControl
internal import GRDB
internal import VolumeModel

extension SQLiteControlStore {
    /// Adds a team or gives it other facts, within a change.
    func set(_ team: TeamRecord, of name: TeamName, _ reader: ControlReader) throws {
        try AccessLimits.check(title: team.title, of: "the team \(name)")
        try AccessLimits.check(label: team.label)
        let before = try reader.team(ifAny: name)
        guard before != team else { return }
        try reader.execute(
            """
            INSERT INTO team (name, title, label) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET title = excluded.title, label = excluded.label
            """, [name.string, team.title, team.label])
        let words = EventWords.team(team)
        if let before {
            try record(
                reader.db, .teamChanged, name.string, "\(EventWords.team(before)) -> \(words)")
        } else {
            try record(reader.db, .teamAdded, name.string, words)
        }
    }

    /// Removes a team with its memberships, within a change.
    func remove(_ name: TeamName, _ reader: ControlReader) throws {
        _ = try reader.team(name)
        let subjects = TeamRole.allCases.map { "\(Subject.team(TeamTemplate(name), $0))" }
        let rules = try reader.rules(about: subjects)
        guard rules.isEmpty else {
            throw PerigeeError(
                .conflict, "the team \(name) is named by \(listed(rules, "rule"))",
                remedy: "take that away first")
        }
        let parents = try reader.rows(
            "SELECT team FROM subteam WHERE member = ? ORDER BY team", [name.string]
        ) { try $0.text(0) }
        guard parents.isEmpty else {
            throw PerigeeError(
                .conflict, "the team \(name) is a member of \(listed(parents, "team"))",
                remedy: "take it out of there first")
        }
        var count = 0
        for table in ["membership", "subteam"] {
            try reader.execute("DELETE FROM \(table) WHERE team = ?", [name.string])
            count += reader.db.changesCount
        }
        try reader.execute("DELETE FROM team WHERE name = ?", [name.string])
        try record(
            reader.db, .teamRemoved, name.string,
            "had \(count) \(count == 1 ? "member" : "members")")
    }

    /// Adds a membership or gives it another role and end, within a change.
    func set(_ membership: Membership, in team: TeamName, _ reader: ControlReader) throws {
        _ = try reader.team(team)
        switch membership.member {
        case .user(let user): _ = try reader.user(user)
        case .team(let child):
            _ = try reader.team(child)
            try checkNesting(of: child, in: team, reader)
        }
        let before = try reader.membership(of: membership.member, in: team)
        guard before != membership else { return }
        let place = MemberPlace(membership.member)
        try reader.execute(
            """
            INSERT INTO \(place.table) (team, \(place.column), role, until) VALUES (?, ?, ?, ?)
            ON CONFLICT (team, \(place.column))
            DO UPDATE SET role = excluded.role, until = excluded.until
            """,
            [
                team.string, place.name, membership.role.rawValue,
                membership.until?.nanoseconds,
            ])
        let from = before.map { "\(EventWords.standing($0)) -> " } ?? ""
        try record(
            reader.db, .memberSet, team.string,
            "\(place.words) \(from)\(EventWords.standing(membership))")
    }

    /// Ends a membership within a change.
    func remove(_ member: TeamMember, from team: TeamName, _ reader: ControlReader) throws {
        _ = try reader.team(team)
        let place = MemberPlace(member)
        guard let before = try reader.membership(of: member, in: team) else {
            throw PerigeeError(
                .notFound, "\(place.words) is no member of the team \(team)",
                remedy: "`perigee team show \(team)` lists its members")
        }
        try reader.execute(
            "DELETE FROM \(place.table) WHERE team = ? AND \(place.column) = ?",
            [team.string, place.name])
        try record(
            reader.db, .memberRemoved, team.string,
            "\(place.words) \(EventWords.standing(before))")
    }

    private func checkNesting(
        of child: TeamName, in team: TeamName, _ reader: ControlReader
    ) throws {
        var teams = try reader.nesting()
        teams[team, default: []].append(Membership(member: .team(child)))
        guard let cycle = AccessPolicy.nestingCycle(in: teams), let first = cycle.first else {
            return
        }
        let way = ([first] + cycle.dropFirst().reversed() + [first]).map(\.string)
        throw PerigeeError(
            .conflict,
            "the team \(child) cannot be a member of \(team), since teams would nest in a cycle: "
                + way.joined(separator: " in "),
            remedy: "take one of these memberships away first")
    }
}

/// Where a membership stands in the database.
private struct MemberPlace {
    let table: String
    let column: String
    let name: String
    /// As events name the member.
    let words: String

    init(_ member: TeamMember) {
        switch member {
        case .user(let user):
            (table, column, name) = ("membership", "user", user.string)
            words = "user:\(user)"
        case .team(let team):
            (table, column, name) = ("subteam", "member", team.string)
            words = "team:\(team)"
        }
    }
}

extension ControlReader {
    /// What is known of a team, or nil where there is none of that name.
    func team(ifAny name: TeamName) throws -> TeamRecord? {
        try rows("SELECT title, label FROM team WHERE name = ?", [name.string]) { columns in
            TeamRecord(title: columns.optionalText(0), label: columns.optionalText(1))
        }.first
    }

    /// What is known of a team.
    ///
    /// - Throws: `.notFound`.
    func team(_ name: TeamName) throws -> TeamRecord {
        guard let team = try team(ifAny: name) else {
            throw PerigeeError(
                .notFound, "there is no team \(name)", remedy: "`perigee team ls` lists them")
        }
        return team
    }

    fileprivate func membership(
        of member: TeamMember, in team: TeamName
    ) throws -> Membership? {
        let place = MemberPlace(member)
        return try rows(
            """
            SELECT role, until FROM \(place.table) WHERE team = ? AND \(place.column) = ?
            """, [team.string, place.name]
        ) { columns in
            Membership(
                member: member,
                role: try columns.required(TeamRole(rawValue: columns.text(0)), 0),
                until: columns.timestamp(1))
        }.first
    }
}
