/// The strongest of some rules: the grant that gives most and the denial that leaves least.
///
/// Among equals the one with the lower number counts, so that a tally does not hang on the order in
/// which rules are added.
struct RuleTally {
    /// The level of the best grant, embargo taken off.
    private(set) var granted = AccessLevel.none
    /// Its number, or -1.
    private(set) var grant: Int32 = -1
    /// What the best grant would have given without an embargo.
    private(set) var promised = AccessLevel.none
    /// What the denials leave.
    private(set) var left = AccessLevel.read
    /// The number of the denial, or -1.
    private(set) var denial: Int32 = -1

    /// What comes out.
    var level: AccessLevel { min(granted, left) }

    /// Adds a rule that matches, where the embargo leaves `cap`.
    mutating func add(_ rule: LiveRule, _ number: Int32, under cap: AccessLevel) {
        switch rule.effect {
        case .grant(let level):
            let given = rule.namesEmbargo ? level : min(level, cap)
            promised = max(promised, level)
            raise(to: given, by: number)
        case .denial(let level): lower(to: level, by: number)
        }
    }

    /// Adds the rules of another tally.
    mutating func add(_ other: RuleTally) {
        promised = max(promised, other.promised)
        if other.grant >= 0 { raise(to: other.granted, by: other.grant) }
        if other.denial >= 0 { lower(to: other.left, by: other.denial) }
    }

    private mutating func raise(to level: AccessLevel, by number: Int32) {
        if grant < 0 || level > granted || level == granted && number < grant {
            (granted, grant) = (level, number)
        }
    }

    private mutating func lower(to level: AccessLevel, by number: Int32) {
        if denial < 0 || level < left || level == left && number < denial {
            (left, denial) = (level, number)
        }
    }
}
