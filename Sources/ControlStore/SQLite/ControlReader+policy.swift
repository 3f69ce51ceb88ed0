internal import AccessControl
internal import GRDB
internal import VolumeModel

extension ControlReader {
    /// Who may see what: `known` where nothing has changed since, else read anew.
    func policy(_ known: PolicyRead?) throws -> PolicyRead {
        let version = try Int64.fetchOne(db, sql: "SELECT policy FROM epoch")
        guard let version else { throw SQLiteFailure.corrupt(path, "has no epoch") }
        if let known, known.version.value == version { return known }
        let generation = try generation()
        // Of another life nothing is known.
        let known = known.flatMap { $0.generation == generation ? $0 : nil }
        var names: [Int64: VolumeName] = [:]
        var volumes: [VolumeName: VolumePolicy] = [:]
        for volume in try self.volumes() {
            names[Int64(volume.ordinal)] = volume.name
            volumes[volume.name] = VolumePolicy(embargo: volume.settings.embargo)
        }
        var labels: [VolumeName: [String: PolicyLabel]] = [:]
        try readRules { ordinal, rule, label in
            guard let name = names[ordinal] else { return }
            volumes[name]?.rules.append(rule)
            if let label { labels[name, default: [:]][rule.name] = label }
        }
        try readReleases { ordinal, row in
            guard let name = names[ordinal] else { return }
            volumes[name]?.releases.append(row)
        }
        let classes = try classes(beside: known?.classes ?? [:])
        for (ordinal, name) in names {
            volumes[name]?.classes = classes[ordinal]?.classes ?? [:]
            // Equal rows in one place are compared with one look.
            if let rows = known?.policy.volumes[name]?.releases,
                volumes[name]?.releases == rows
            {
                volumes[name]?.releases = rows
            }
        }
        let teams = try teams()
        let policy = AccessPolicy(
            users: try users(), teams: try members(of: teams.keys), volumes: volumes)
        return PolicyRead(
            version: Epoch(version), generation: generation, policy: policy, teams: teams,
            ruleLabels: labels,
            classIndexes: ClassIndexes(of: policy, keeping: known?.classIndexes),
            classes: classes)
    }

    /// All users.
    func users() throws -> [UserName: UserRecord] {
        var users: [UserName: UserRecord] = [:]
        try forEach("SELECT name, disabled FROM user") { columns in
            users[try UserName(columns.text(0))] = UserRecord(isDisabled: try columns.flag(1))
        }
        return users
    }

    /// All teams.
    func teams() throws -> [TeamName: TeamRecord] {
        var teams: [TeamName: TeamRecord] = [:]
        try forEach("SELECT name, title, label FROM team") { columns in
            teams[try TeamName(columns.text(0))] = TeamRecord(
                title: columns.optionalText(1), label: columns.optionalText(2))
        }
        return teams
    }

    /// The teams that are members of each team.
    func nesting() throws -> [TeamName: [Membership]] {
        var nesting: [TeamName: [Membership]] = [:]
        try forEach("SELECT team, member FROM subteam") { columns in
            nesting[try TeamName(columns.text(0)), default: []].append(
                Membership(member: .team(try TeamName(columns.text(1)))))
        }
        return nesting
    }

    /// Rules by volume and name.
    ///
    /// - Parameters:
    ///   - one: the volume and name of the only one that is wanted; nil: all.
    ///   - body: gets the volume's ordinal, the rule and its label.
    func readRules(
        only one: (ordinal: Int64, name: String)? = nil,
        _ body: (Int64, AccessRule, PolicyLabel?) throws -> Void
    ) throws {
        var subjects: [String: Subject] = [:]
        var patterns: [String: PathPattern] = [:]
        try forEach(
            """
            SELECT volume, name, effect, level, subject, pattern, conditions, "from", until, place,
                label
            FROM rule \(one == nil ? "" : "WHERE volume = ? AND name = ?") ORDER BY volume, name
            """, one.map { [$0.ordinal, $0.name] } ?? []
        ) { columns in
            let level = try columns.required(AccessLevel(named: columns.text(3)), 3)
            let rule = AccessRule(
                name: try columns.text(1),
                effect: try columns.text(2) == "grant" ? .grant(level) : .denial(level),
                subject: try subjects.kept(columns.text(4)) { try Subject(parsing: $0) },
                pattern: try columns.optionalText(5).map { text in
                    try patterns.kept(text) { try PathPattern($0) }
                },
                conditions: try ConditionText.conditions(columns.text(6)),
                from: columns.timestamp(7), until: columns.timestamp(8),
                place: try columns.text(9))
            try body(try columns.integer(0), rule, columns.optionalText(10))
        }
    }

    /// The release rows of every volume, or of one, in their order.
    func readReleases(
        of ordinal: Int64? = nil, _ body: (Int64, ReleaseRow) throws -> Void
    ) throws {
        var keys: [String: AttributeKey] = [:]
        try forEach(
            """
            SELECT volume, key, value, metadata, data FROM release_row
            \(ordinal == nil ? "" : "WHERE volume = ?") ORDER BY volume, number
            """, ordinal.map { [$0] } ?? []
        ) { columns in
            let key = try keys.kept(columns.text(1)) { try AttributeKey($0) }
            try body(
                try columns.integer(0),
                ReleaseRow(
                    key: key, value: try columns.text(2), metadata: columns.timestamp(3),
                    data: columns.timestamp(4)))
        }
    }

    private func members(
        of teams: some Collection<TeamName>
    ) throws -> [TeamName: [Membership]] {
        var members = Dictionary(uniqueKeysWithValues: teams.map { ($0, [Membership]()) })
        var users: [String: UserName] = [:]
        var names = Dictionary(uniqueKeysWithValues: teams.map { ($0.string, $0) })
        func read(
            _ table: String, _ column: String, _ member: (String) throws -> TeamMember
        ) throws {
            // Gathered team by team, as they come.
            var last = ""
            var those: [Membership] = []
            func finish() throws {
                guard !those.isEmpty else { return }
                let team = try names.kept(last) { try TeamName($0) }
                members[team, default: []] += those
                those.removeAll(keepingCapacity: true)
            }
            try forEach(
                "SELECT team, \(column), role, until FROM \(table) ORDER BY team, \(column)"
            ) { columns in
                let team = try columns.text(0)
                if team != last {
                    try finish()
                    last = team
                }
                those.append(
                    Membership(
                        member: try member(columns.text(1)),
                        role: try columns.required(TeamRole(rawValue: columns.text(2)), 2),
                        until: columns.timestamp(3)))
            }
            try finish()
        }
        try read("membership", "user") { .user(try users.kept($0) { try UserName($0) }) }
        try read("subteam", "member") { .team(try names.kept($0) { try TeamName($0) }) }
        return members
    }

    /// The classes of every volume, of which only those beside `known` are read.
    private func classes(
        beside known: [Int64: KnownClasses]
    ) throws -> [Int64: KnownClasses] {
        var all: [Int64: KnownClasses] = [:]
        var reader = AttributeTextReader()
        try forEach(
            """
            SELECT ordinal, (SELECT max(number) FROM access_class WHERE volume = ordinal)
            FROM volume
            """
        ) { columns in
            guard let last = columns.optionalInteger(1) else { return }
            let ordinal = try columns.integer(0)
            var classes = known[ordinal] ?? KnownClasses()
            if last < classes.last { classes = KnownClasses() }
            if last > classes.last { try read(&classes, of: ordinal, &reader) }
            all[ordinal] = classes
        }
        return all
    }

    private func read(
        _ known: inout KnownClasses, of ordinal: Int64, _ reader: inout AttributeTextReader
    ) throws {
        try forEach(
            """
            SELECT number, attributes, link, link_path, link_target, target_class
            FROM access_class WHERE volume = ? AND number > ? ORDER BY number
            """, [ordinal, known.last]
        ) { columns in
            var link: AccessClass.Link?
            if case let kind = try columns.integer(2), kind > 0 {
                link = AccessClass.Link(
                    path: try columns.blob(3), target: kind == 1 ? try columns.blob(4) : nil,
                    targetClass: AccessClassID(try columns.integer(5)))
            }
            known.last = try columns.integer(0)
            known.classes[AccessClassID(known.last)] = AccessClass(
                attributes: try reader.attributes(columns.text(1)), link: link)
        }
    }
}
