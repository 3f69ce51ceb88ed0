internal import VolumeModel

/// The live rules that ask something of a class's attributes, found by these attributes.
struct SpecificRules {
    /// What one rule asks for. Attributes are given by their slots in a `ClassIndex`.
    private struct Demand {
        /// The rule's number.
        let number: Int32
        let rule: LiveRule
        let equalities: [(slot: Int, value: String)]
        /// The name of the team that it is about; nil where it is about none, or where a class
        /// that it was found for names a team of the requester for sure.
        let team: [NamePart]?
    }

    private enum NamePart {
        case text(String)
        case value(slot: Int)
    }

    /// For some attributes, the rules by a value that each of them asks for.
    private let found: [(slot: Int, demands: [String: [Demand]])]
    /// The rules that no one attribute finds: their team's name has several in it.
    private let others: [Demand]
    private let teams: [String: TeamRole]
    private let index: ClassIndex

    /// - Parameter index: one that knows of all attributes that the rules name.
    init(_ rules: [LiveRule], teams: [TeamName: TeamRole], of index: ClassIndex) {
        var found: [AttributeKey: [String: [Demand]]] = [:]
        var others: [Demand] = []
        for (number, rule) in rules.enumerated() where rule.isSpecific {
            let equalities = rule.equalities.map { (index.slot(of: $0.key), $0.value) }
            func demand(_ template: TeamTemplate?) -> Demand {
                Demand(
                    number: Int32(number), rule: rule, equalities: equalities,
                    team: template?.parts.map { part in
                        switch part {
                        case .text(let text): .text(text)
                        case .attribute(let key): .value(slot: index.slot(of: key))
                        }
                    })
            }
            if let template = rule.template, template.keys.count == 1 {
                let demand = demand(nil)
                for value in Self.values(of: template, rule.role, teams) {
                    found[template.keys[0], default: [:]][value, default: []].append(demand)
                }
            } else if let (key, value) = rule.equalities.min(by: { $0.key < $1.key }) {
                found[key, default: [:]][value, default: []].append(demand(rule.template))
            } else {
                others.append(demand(rule.template))
            }
        }
        self.found = found.map { (index.slot(of: $0.key), $0.value) }
        self.others = others
        self.index = index
        self.teams =
            rules.contains { $0.template != nil }
            ? Dictionary(uniqueKeysWithValues: teams.map { ($0.key.string, $0.value) }) : [:]
    }

    /// The rules that match classes of a profile where the embargo leaves `cap`, in order.
    func matching(_ profile: Int32, under cap: AccessLevel) -> [Int32] {
        var numbers: [Int32] = []
        for (slot, demands) in found {
            guard let value = index.value(profile, slot) else { continue }
            for demand in demands[value] ?? [] where isMet(demand, profile, cap) {
                numbers.append(demand.number)
            }
        }
        for demand in others where isMet(demand, profile, cap) {
            numbers.append(demand.number)
        }
        if numbers.count > 1 { numbers.sort() }
        return numbers
    }

    private func isMet(_ demand: Demand, _ profile: Int32, _ cap: AccessLevel) -> Bool {
        guard demand.rule.holds(under: cap) else { return false }
        for (slot, value) in demand.equalities where index.value(profile, slot) != value {
            return false
        }
        guard let parts = demand.team else { return true }
        // A name that no team can have is not among his teams.
        var name = ""
        for part in parts {
            switch part {
            case .text(let text): name += text
            case .value(let slot):
                guard let value = index.value(profile, slot) else { return false }
                name += value
            }
        }
        return teams[name].map { $0 >= demand.rule.role } ?? false
    }

    /// The values of the one attribute with which a template names a team of the requester.
    private static func values(
        of template: TeamTemplate, _ role: TeamRole, _ teams: [TeamName: TeamRole]
    ) -> [String] {
        var (prefix, suffix) = ("", "")
        var isBehind = false
        for part in template.parts {
            switch part {
            case .text(let text): if isBehind { suffix += text } else { prefix += text }
            case .attribute: isBehind = true
            }
        }
        return teams.compactMap { team, held in
            // By bytes, since team names have no others than those of ASCII.
            let name = team.string.utf8
            guard held >= role, name.count >= prefix.utf8.count + suffix.utf8.count,
                name.starts(with: prefix.utf8),
                name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
            else { return nil }
            return String(
                Substring(name.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)))
        }
    }
}
