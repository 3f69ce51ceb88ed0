/// What was decided about one entry or volume, and by which rule.
package struct AccessDecision: Hashable, Sendable {
    /// What holds the level down, or lets it be.
    package enum Cap: Hashable, Sendable {
        /// Nothing.
        case none
        /// A denial.
        case denial(rule: String)
        /// The class's release times.
        case embargo
        /// The rights at the target of a link.
        case link
        /// The user is locked out, or not known.
        case user
        /// The class is not known.
        case unknownClass
    }

    /// The level.
    package var level: AccessLevel
    /// The name of the grant that it comes from; nil where no grant matches.
    package var grant: String?
    /// What lowered it last.
    package var cap: Cap

    /// Puts a decision together.
    package init(level: AccessLevel, grant: String?, cap: Cap = .none) {
        self.level = level
        self.grant = grant
        self.cap = cap
    }
}
