internal import AccessControl
internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func setPublic(_ isPublic: Bool, volume name: VolumeName) throws(PerigeeError) {
        try changing { reader in
            guard try reader.volume(named: name).isPublic != isPublic else { return }
            if isPublic {
                try set(PublicRule.rule, label: nil, on: name, as: .madePublic, reader)
            } else {
                try removeRule(PublicRule.name, from: name, as: .madePrivate, reader)
            }
        }
    }

    /// Adds or replaces a rule within a change.
    ///
    /// - Parameter action: what the event calls it.
    func set(
        _ rule: AccessRule, label: PolicyLabel?, on volume: VolumeName,
        as action: ControlAction = .ruleSet, _ reader: ControlReader
    ) throws {
        let ordinal = try reader.ordinal(of: volume)
        try AccessLimits.check(rule)
        try AccessLimits.check(label: label)
        try checkNamed(by: rule, reader)
        let before = try reader.rule(rule.name, of: ordinal)
        guard before?.rule != rule || before?.label != label else { return }
        let (effect, level) =
            switch rule.effect {
            case .grant(let level): ("grant", level)
            case .denial(let level): ("denial", level)
            }
        try reader.execute(
            """
            INSERT OR REPLACE INTO rule (
                volume, name, effect, level, subject, pattern, conditions, "from", until, place,
                label
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                ordinal, rule.name, effect, level.description, rule.subject.description,
                rule.pattern?.text, ConditionText.text(rule.conditions), rule.from?.nanoseconds,
                rule.until?.nanoseconds, rule.place, label,
            ])
        let from = before.map { EventWords.rule($0.rule, label: $0.label) } ?? "nothing"
        try record(
            reader.db, action, volume.string,
            "\(rule.name): \(from) -> \(EventWords.rule(rule, label: label))")
    }

    /// Removes a rule within a change.
    ///
    /// - Parameter action: what the event calls it.
    func removeRule(
        _ name: String, from volume: VolumeName, as action: ControlAction = .ruleRemoved,
        _ reader: ControlReader
    ) throws {
        let ordinal = try reader.ordinal(of: volume)
        guard let before = try reader.rule(name, of: ordinal) else {
            throw PerigeeError(
                .notFound, "the volume \(volume) has no rule \(Printable.quoted(name))",
                remedy: "`perigee volume show \(volume)` lists its rules")
        }
        try reader.execute("DELETE FROM rule WHERE volume = ? AND name = ?", [ordinal, name])
        try record(
            reader.db, action, volume.string,
            "\(name): \(EventWords.rule(before.rule, label: before.label)) -> nothing")
    }

    /// That whom the rule names is there.
    private func checkNamed(by rule: AccessRule, _ reader: ControlReader) throws {
        switch rule.subject {
        case .anyone, .authenticated: break
        case .user(let user): _ = try reader.user(user)
        case .team(let template, _):
            if let team = template.team { _ = try reader.team(team) }
        }
    }
}

extension ControlReader {
    /// The rule of that name with its label, or nil.
    func rule(
        _ name: String, of ordinal: Int64
    ) throws -> (rule: AccessRule, label: PolicyLabel?)? {
        var found: (AccessRule, PolicyLabel?)?
        try readRules(only: (ordinal, name)) { _, rule, label in found = (rule, label) }
        return found
    }
}
