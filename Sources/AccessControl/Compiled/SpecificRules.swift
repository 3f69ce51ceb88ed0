internal import VolumeModel

/// The live rules that ask something of a class's attributes, found by these attributes.
struct SpecificRules {
    /// The attributes that rules are found by, in the order in which `matching` takes their values.
    let keys: [AttributeKey]

    /// The rules by a value that each of them asks for, for each of `keys`.
    private let index: [[String: [Int32]]]
    /// The rules that no one attribute finds: their team's name has several in it.
    private var others: [Int32] = []
    /// For each rule, whether the index alone says that the template names a team of the requester.
    private var isTeamKnown: Set<Int32> = []
    private let rules: [LiveRule]
    private let teams: [String: TeamRole]

    init(_ rules: [LiveRule], teams: [TeamName: TeamRole]) {
        self.rules = rules
        self.teams = Dictionary(uniqueKeysWithValues: teams.map { ($0.key.string, $0.value) })
        var index: [AttributeKey: [String: [Int32]]] = [:]
        for (number, rule) in rules.enumerated() where rule.isSpecific {
            let number = Int32(number)
            if let template = rule.template, template.keys.count == 1 {
                let key = template.keys[0]
                for value in Self.values(of: template, rule.role, teams) {
                    index[key, default: [:]][value, default: []].append(number)
                }
                isTeamKnown.insert(number)
            } else if let (key, value) = rule.equalities.min(by: { $0.key < $1.key }) {
                index[key, default: [:]][value, default: []].append(number)
            } else {
                others.append(number)
            }
        }
        keys = Array(index.keys)
        self.index = Array(index.values)
    }

    /// Whether there are none.
    var isEmpty: Bool { index.isEmpty && others.isEmpty }

    /// The rules that match a class with these attributes where the embargo leaves `cap`, in order.
    ///
    /// - Parameter values: the values of `keys` among the attributes.
    func matching(
        _ attributes: [AttributeKey: String], _ values: ArraySlice<String?>,
        under cap: AccessLevel
    ) -> [Int32] {
        var found: [Int32] = []
        for (value, rules) in zip(values, index) {
            guard let value, let numbers = rules[value] else { continue }
            for number in numbers where isMatching(number, attributes, cap) {
                found.append(number)
            }
        }
        for number in others where isMatching(number, attributes, cap) { found.append(number) }
        found.sort()
        return found
    }

    private func isMatching(
        _ number: Int32, _ attributes: [AttributeKey: String], _ cap: AccessLevel
    ) -> Bool {
        let rule = rules[Int(number)]
        guard rule.holds(under: cap) else { return false }
        for (key, value) in rule.equalities where attributes[key] != value { return false }
        guard let template = rule.template, !isTeamKnown.contains(number) else { return true }
        // A name that no team can have is not among his teams.
        var name = ""
        for part in template.parts {
            switch part {
            case .text(let text): name += text
            case .attribute(let key):
                guard let value = attributes[key] else { return false }
                name += value
            }
        }
        return teams[name].map { $0 >= rule.role } ?? false
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
            let name = team.string
            guard held >= role, name.hasPrefix(prefix), name.hasSuffix(suffix),
                name.utf8.count >= prefix.utf8.count + suffix.utf8.count
            else { return nil }
            return String(name.dropFirst(prefix.count).dropLast(suffix.count))
        }
    }
}
