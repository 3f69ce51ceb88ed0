internal import AccessControl
internal import VolumeModel

/// What a backup would open that is closed now: a revocation that was made since must not be undone
/// without anybody having seen it.
enum ReopenedAccess {
    /// One line for each grant that is in `backup` and not in `present`, and for each denial,
    /// embargo, release table and hard setting that is in `present` and not in `backup`.
    static func lines(
        backup: ControlSnapshot, present: ControlSnapshot, at now: Timestamp
    ) -> [String] {
        users(backup.policy, present.policy) + members(backup.policy, present.policy, now)
            + backup.volumes.flatMap { volumeLines($0, backup, present, now) }
    }

    private static func users(_ backup: AccessPolicy, _ present: AccessPolicy) -> [String] {
        backup.users.filter { name, user in
            !user.isDisabled && present.users[name]?.isDisabled ?? true
        }.keys.sorted().map { "user:\($0) is let in" }
    }

    private static func members(
        _ backup: AccessPolicy, _ present: AccessPolicy, _ now: Timestamp
    ) -> [String] {
        var lines: [String] = []
        for team in backup.teams.keys.sorted() {
            let known = Dictionary(
                (present.teams[team] ?? []).map { ($0.member, $0) }, uniquingKeysWith: { $1 })
            for old in backup.teams[team] ?? [] where !isOver(old.until, now) {
                if let new = known[old.member], new.role >= old.role,
                    lasts(new.until, atLeast: old.until)
                {
                    continue
                }
                let member =
                    switch old.member {
                    case .user(let name): "user:\(name)"
                    case .team(let name): "team:\(name)"
                    }
                lines.append("\(member) is in team:\(team) \(EventWords.standing(old))")
            }
        }
        return lines
    }

    private static func volumeLines(
        _ old: VolumeRecord, _ backup: ControlSnapshot, _ present: ControlSnapshot,
        _ now: Timestamp
    ) -> [String] {
        let was = backup.policy.volumes[old.name] ?? VolumePolicy()
        let found = present.volumes.first { $0.name == old.name && $0.ordinal == old.ordinal }
        guard let new = found else {
            return ["\(old.name) is there"]
                + was.rules.filter { isGrant($0) && !isOver($0.until, now) }.map {
                    "\(old.name) \($0.name): \(EventWords.rule($0, label: nil))"
                }
        }
        let today = present.policy.volumes[old.name] ?? VolumePolicy()
        let oldRules = Set(was.rules.map(content))
        let newRules = Set(today.rules.map(content))
        var lines = was.rules.filter {
            isGrant($0) && !isOver($0.until, now) && !newRules.contains(content($0))
        }.map { "\(old.name) \($0.name): \(EventWords.rule($0, label: nil))" }
        lines += today.rules.filter {
            !isGrant($0) && !isOver($0.until, now) && !oldRules.contains(content($0))
        }.map { "\(old.name) \($0.name): no longer \(EventWords.rule($0, label: nil))" }
        if new.settings != old.settings {
            lines.append(
                "\(old.name): \(EventWords.settings(old.settings)), no longer"
                    + " \(EventWords.settings(new.settings))")
        }
        if was.releases != today.releases {
            let words = EventWords.rows(from: today.releases, to: was.releases)
            lines.append("\(old.name): release times \(words)")
        }
        if new.classGeneration > old.classGeneration {
            lines.append("\(old.name): entries are in the classes that they had then")
        }
        return lines
    }

    private static func isGrant(_ rule: AccessRule) -> Bool {
        if case .grant = rule.effect { true } else { false }
    }

    /// What a rule does, whatever it is called and wherever it was written.
    private static func content(_ rule: AccessRule) -> AccessRule {
        var rule = rule
        (rule.name, rule.place) = ("", "")
        return rule
    }

    private static func isOver(_ until: Timestamp?, _ now: Timestamp) -> Bool {
        until.map { $0 <= now } ?? false
    }

    private static func lasts(_ until: Timestamp?, atLeast other: Timestamp?) -> Bool {
        guard let until else { return true }
        return other.map { until >= $0 } ?? false
    }
}
