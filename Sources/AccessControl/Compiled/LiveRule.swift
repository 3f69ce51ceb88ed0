internal import VolumeModel

/// A rule that bears on a requester now.
struct LiveRule: Sendable {
    /// Its name.
    let name: String
    /// What it does.
    let effect: AccessRule.Effect
    /// Its pattern; nil where it is about everything, the root too.
    let pattern: PathPattern?
    /// The attributes that it asks for.
    let equalities: [AttributeKey: String]
    /// The teams that it is about, where they hang on the class.
    let template: TeamTemplate?
    /// The role in them that it asks for.
    let role: TeamRole
    /// Whether it asks for data that are not released.
    let asksEmbargoed: Bool
    /// Whether it asks for data that are.
    let asksReleased: Bool
    /// Whether it was written with any condition at all.
    let hasConditions: Bool

    /// Whether a grant of it is free of the embargo's cap.
    var namesEmbargo: Bool { asksEmbargoed }
    /// Whether it takes the attributes of a class to know if it matches.
    var isSpecific: Bool { !equalities.isEmpty || template != nil }
    /// Whether it bears on the volume itself.
    var isAboutVolume: Bool { pattern == nil && !hasConditions && template == nil }

    /// Nil where the rule can never match for a class, whatever its attributes.
    init?(_ rule: AccessRule, template: TeamTemplate?, role: TeamRole, isEmbargoed: Bool) {
        var equalities: [AttributeKey: String] = [:]
        var (asksEmbargoed, asksReleased) = (false, false)
        for condition in rule.conditions {
            switch condition {
            case .embargoed: asksEmbargoed = true
            case .released: asksReleased = true
            case .attribute(let key, let value):
                if let other = equalities.updateValue(value, forKey: key), other != value {
                    return nil
                }
            }
        }
        if asksEmbargoed && (asksReleased || !isEmbargoed) { return nil }
        name = rule.name
        effect = rule.effect
        pattern = rule.pattern.flatMap { $0.matchesRoot ? nil : $0 }
        self.equalities = equalities
        self.template = template
        self.role = role
        self.asksEmbargoed = asksEmbargoed
        self.asksReleased = asksReleased
        hasConditions = !rule.conditions.isEmpty
    }

    /// Whether what it asks of the embargo holds where the embargo leaves `cap`.
    func holds(under cap: AccessLevel) -> Bool {
        cap == .read ? !asksEmbargoed : !asksReleased
    }

    /// The attributes that rules name.
    static func keys(of rules: [LiveRule]) -> Set<AttributeKey> {
        var keys: Set<AttributeKey> = []
        for rule in rules where rule.isSpecific {
            keys.formUnion(rule.equalities.keys)
            rule.template?.insertKeys(into: &keys)
        }
        return keys
    }

    /// The rules of a volume that bear on a requester now, by name in bytes.
    ///
    /// Empty where none of them is a grant: denials alone change nothing.
    ///
    /// - Parameter interval: where the flips of rules that may bear on him are noted.
    static func rules(
        of policy: VolumePolicy, for standing: Standing, _ interval: inout ViewInterval
    ) -> [LiveRule] {
        var rules: [LiveRule] = []
        var isGranting = false
        let now = interval.now
        for rule in policy.rules {
            if let from = rule.from, let until = rule.until, from >= until { continue }
            let bearing = standing.bearing(of: rule.subject)
            if case .never = bearing { continue }
            interval.flip(at: rule.from)
            interval.flip(at: rule.until)
            if let from = rule.from, now < from { continue }
            if let until = rule.until, now >= until { continue }
            let live: LiveRule?
            switch bearing {
            case .never, .atOtherTimes: continue
            case .always:
                live = LiveRule(
                    rule, template: nil, role: .member, isEmbargoed: policy.embargo != nil)
            case .byClass(let template, let role):
                live = LiveRule(
                    rule, template: template, role: role, isEmbargoed: policy.embargo != nil)
            }
            guard let live else { continue }
            if case .grant = live.effect { isGranting = true }
            rules.append(live)
        }
        guard isGranting else { return [] }
        return rules.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
