internal import VolumeModel

extension AccessExplanation {
    /// The explanation for people, in a few lines: what is decided, by which rule, what holds it
    /// down, and what would have given more.
    package var lines: [String] {
        var lines = [headline]
        for finding in [own, target].compactMap({ $0 }) {
            if target != nil { lines.append(Self.sideLine(finding, isTarget: finding != own)) }
            // What the other side says does not decide.
            if target == nil || finding == deciding { lines += Self.lines(about: finding) }
        }
        if let until { lines.append("this may change at \(until.iso8601)") }
        return lines
    }

    private var headline: String {
        let who =
            switch requester {
            case .anyone: "anyone"
            case .user(let name): "user \(name)"
            }
        let what = own.path.map { "\(volume):\(Printable.escaped($0))" } ?? "\(volume)"
        return "\(who) has level \(decision.level) on \(what) at \(now.iso8601)"
    }

    private static func sideLine(_ finding: Finding, isTarget: Bool) -> String {
        let path = Printable.escaped(finding.path ?? [])
        return isTarget
            ? "reached by a link that leads to \(path): level \(finding.level) there"
            : "level \(finding.level) by its own path"
    }

    private static func lines(about finding: Finding) -> [String] {
        var lines: [String] = []
        if let match = finding.grant {
            lines.append("granted by \(text(match))")
        } else if finding.cap == .none {
            lines.append("no grant matches")
        }
        switch finding.cap {
        case .none, .link: break
        case .denial: if let denial = finding.denial { lines.append("lowered by \(text(denial))") }
        case .embargo:
            lines.append("lowered by the embargo, from \(finding.promised) to \(finding.level)")
        case .user: lines.append("the user is not known or disabled, and no rule helps him")
        case .unknownClass: lines.append("nothing is known of the entry's class: it is closed")
        }
        if let releases = finding.releases {
            lines.append(
                "metadata \(text(releases.metadata)), data \(text(releases.data))")
        }
        if let nearest = finding.nearest {
            lines.append("nearest: \(text(nearest.rule))")
            lines += nearest.unmet.map { "  but \(text($0))" }
        }
        return lines
    }

    /// When something is released, as the rest of a sentence.
    private static func text(_ release: Timestamp?) -> String {
        switch release {
        case nil: "never released"
        case Timestamp.distantPast?: "open"
        case let instant?: "released at \(instant.iso8601)"
        }
    }

    private static func text(_ match: Match) -> String {
        text(match.rule) + (match.way.map { " [\($0.text)]" } ?? "")
    }

    private static func text(_ rule: AccessRule) -> String {
        var text =
            switch rule.effect {
            case .grant(let level): "grant \(rule.name) (\(level) to \(rule.subject)"
            case .denial(let level): "denial \(rule.name) (at most \(level) for \(rule.subject)"
            }
        if let pattern = rule.pattern {
            text += " on \(Printable.escaped(Array(pattern.text.utf8)))"
        }
        text += ")"
        if !rule.place.isEmpty { text += " in \(Printable.escaped(Array(rule.place.utf8)))" }
        return text
    }

    private static func text(_ requirement: Requirement) -> String {
        switch requirement {
        case .knownUser: return "there is no such user here"
        case .enabledUser: return "the user is disabled"
        case .identity: return "it asks for somebody with an identity"
        case .user(let name): return "it is about user \(name)"
        case .membership(let team, let ended?):
            return "the user's membership in team \(team) ended at \(ended.iso8601)"
        case .membership(let team, nil): return "the user is not a member of team \(team)"
        case .role(let team, let role): return "the user is not \(role.rawValue) of team \(team)"
        case .teamOfClass(let template): return "the entry's attributes name no team \(template)"
        case .from(let from): return "it holds from \(from.iso8601) on"
        case .ended(let until): return "it ended at \(until.iso8601)"
        case .pattern(let pattern):
            return "its pattern \(Printable.escaped(Array(pattern.text.utf8))) does not cover it"
        case .entry: return "it asks something of each entry, and is not about the volume itself"
        case .attribute(let key, let value, let found):
            let text = found.map { "is \(Printable.quoted($0))" } ?? "is not known"
            return "it asks for \(key) \(Printable.quoted(value)), which \(text)"
        case .embargoed: return "it is for embargoed entries, and this one is released"
        case .metadataRelease(let instant): return "its metadata are \(text(instant))"
        case .dataRelease(let instant): return "its data are \(text(instant))"
        case .denial(let rule): return "\(text(rule)) leaves no more"
        }
    }
}
