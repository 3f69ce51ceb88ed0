internal import AccessControl
internal import ControlStore
internal import VolumeModel
internal import YAMLFiles

extension PlanBuilder {
    /// Rules that are made, changed or removed.
    mutating func planRules() {
        for document in files.policies {
            let volume = document.volume.value
            let old = rules(of: volume)
            for entry in document.rules {
                plan(entry, of: volume, old[entry.rule.name])
            }
        }
        for record in snapshot.volumes { removeRules(of: record.name) }
    }

    private mutating func plan(
        _ entry: PolicyDocument.RuleEntry, of volume: VolumeName, _ old: AccessRule?
    ) {
        let rule = entry.rule
        let name = "\(volume)/\(rule.name)"
        guard let old else {
            add(.rule, .setRule(volume, rule, label: options.label))
            changes.append(PlanChange(.add, .rule, name, [Self.words(rule)]))
            return
        }
        let label = snapshot.ruleLabels[volume]?[rule.name]
        guard owns("rule \(name)", labelled: label, at: entry.place) else { return }
        let details = labelDetails(label) + Self.details(from: old, to: rule)
        if !details.isEmpty { add(.rule, .setRule(volume, rule, label: options.label)) }
        note(.rule, name, details)
    }

    /// What carries the label and is in no file: what a list of the files made of its rule before is
    /// a change of that rule; the rest goes by `--prune`.
    private mutating func removeRules(of volume: VolumeName) {
        let entries = files.policies.first { $0.volume.value == volume }?.rules ?? []
        let groups = Set(entries.map(\.group))
        let old = rules(of: volume)
        for (name, label) in (snapshot.ruleLabels[volume] ?? [:]).sorted(by: { $0.key < $1.key })
        where label == options.label && fileRules[volume]?.contains(name) != true {
            guard options.isPruning || groups.contains(Self.group(of: name)) else {
                kept.append(
                    PlanRemainder(
                        kind: .rule, name: "\(volume)/\(name)", reason: "--prune removes it"))
                continue
            }
            add(.removal, .removeRule(volume, name: name))
            changes.append(
                PlanChange(
                    .remove, .rule, "\(volume)/\(name)", old[name].map { [Self.words($0)] } ?? []))
        }
    }

    private func rules(of volume: VolumeName) -> [String: AccessRule] {
        let rules = snapshot.policy.volumes[volume]?.rules ?? []
        return Dictionary(rules.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The name that a file gives to the rule: `open` of `open.2`.
    static func group(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."),
            name[name.index(after: dot)...].utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            })
        else { return name }
        return String(name[..<dot])
    }

    private static func words(_ rule: AccessRule) -> String {
        var words = "\(self.words(rule.effect)) to \(rule.subject)"
        if let pattern = rule.pattern { words += ", path \(Printable.quoted(pattern.text))" }
        if let when = self.words(rule.conditions) { words += ", when \(when)" }
        if let from = rule.from { words += ", from \(from.iso8601)" }
        if let until = rule.until { words += ", until \(until.iso8601)" }
        return words
    }

    private static func details(from old: AccessRule, to new: AccessRule) -> [String] {
        var details: [String] = []
        switch (old.effect, new.effect) {
        case (.grant(let before), .grant(let after)):
            details.compare("grant", "\(before)", "\(after)")
        case (.denial(let before), .denial(let after)):
            details.compare("deny", "\(before)", "\(after)")
        default: details.append("\(words(old.effect)) -> \(words(new.effect))")
        }
        details.compare("to", "\(old.subject)", "\(new.subject)")
        details.compare(
            "path", old.pattern.map { Printable.quoted($0.text) },
            new.pattern.map { Printable.quoted($0.text) })
        details.compare("when", words(old.conditions), words(new.conditions))
        details.compare("from", old.from?.iso8601, new.from?.iso8601)
        details.compare("until", old.until?.iso8601, new.until?.iso8601)
        details.compare(
            "file", Printable.escaped(Array(old.place.utf8)),
            Printable.escaped(Array(new.place.utf8)))
        return details
    }

    private static func words(_ effect: AccessRule.Effect) -> String {
        switch effect {
        case .grant(let level): "grant \(level)"
        case .denial(let level): "deny \(level)"
        }
    }

    private static func words(_ conditions: [AccessCondition]) -> String? {
        conditions.isEmpty ? nil : conditions.map(\.words).joined(separator: ", ")
    }
}
