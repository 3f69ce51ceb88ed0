internal import AccessControl
internal import VolumeModel

/// How events say what was and what is. None of it is a secret.
enum EventWords {
    /// `grant read to team:a on x/** where embargoed from T until T (policies/a.yaml:3:5, label b)`.
    static func rule(_ rule: AccessRule, label: PolicyLabel?) -> String {
        var words =
            switch rule.effect {
            case .grant(let level): "grant \(level) to \(rule.subject)"
            case .denial(let level): "deny above \(level) to \(rule.subject)"
            }
        if let pattern = rule.pattern { words += " on \(pattern)" }
        if !rule.conditions.isEmpty {
            let conditions = rule.conditions.map { condition in
                switch condition {
                case .embargoed: "embargoed"
                case .released: "released"
                case .attribute(let key, let value): "\(key)=\(value)"
                }
            }
            words += " where \(conditions.joined(separator: ", "))"
        }
        if let from = rule.from { words += " from \(from.iso8601)" }
        if let until = rule.until { words += " until \(until.iso8601)" }
        let origin = [rule.place, label.map { "label \($0)" } ?? ""].filter { !$0.isEmpty }
        return origin.isEmpty ? words : words + " (\(origin.joined(separator: ", ")))"
    }

    /// `as member until T`.
    static func standing(_ membership: Membership) -> String {
        let end = membership.until.map { " until \($0.iso8601)" } ?? ""
        return "as \(membership.role.rawValue)\(end)"
    }

    /// `Euclid's builders, label b`.
    static func team(_ team: TeamRecord) -> String {
        [team.title ?? "no title", team.label.map { "label \($0)" } ?? ""]
            .filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// `embargo 12 months after t_max, metadata with data; revocation hard`.
    static func settings(_ settings: VolumeSettings) -> String {
        var parts: [String] = []
        if let embargo = settings.embargo {
            var words = "embargo"
            if let period = embargo.period {
                words += " \(period.months) months after \(period.after)"
            }
            if embargo.metadataWithData { words += ", metadata with data" }
            parts.append(words)
        }
        parts += settings.expressions.map { "attributes of \($0)" }
        if settings.isRevocationHard { parts.append("revocation hard") }
        if settings.isAuditRequired { parts.append("audit required") }
        return parts.isEmpty ? "nothing" : parts.joined(separator: "; ")
    }

    /// Which parts differ, the title in full.
    static func metadata(from old: VolumeMetadata, to new: VolumeMetadata) -> String {
        var parts: [String] = []
        if old.title != new.title { parts.append("title \(old.title) -> \(new.title)") }
        let others: [(String, KeyPath<VolumeMetadata, String?>)] = [
            ("abstract", \.abstract), ("domain", \.domain), ("mission", \.mission),
            ("contact", \.contact), ("creator", \.creator), ("licence", \.licence),
            ("doi", \.doi),
        ]
        parts += others.filter { old[keyPath: $0.1] != new[keyPath: $0.1] }.map(\.0)
        return parts.joined(separator: ", ")
    }

    /// `120 rows -> 134 rows: 20 new, 6 gone`.
    static func rows<Row: Hashable>(from old: [Row], to new: [Row]) -> String {
        let (before, after) = (Set(old), Set(new))
        return "\(old.count) rows -> \(new.count) rows: \(after.subtracting(before).count) new,"
            + " \(before.subtracting(after).count) gone"
    }
}
