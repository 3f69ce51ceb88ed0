package import AccessControl

/// How a volume is guarded, beside its rules.
package struct VolumeSettings: Hashable, Sendable {
    /// Nil: everything is released.
    package var embargo: EmbargoPolicy?
    /// What the paths of its entries tell of their classes.
    package var expressions: [PathExpression]
    /// Whether a revocation ends what is open: each read is checked, and nothing is passed through
    /// to the kernel or kept by it.
    package var isRevocationHard: Bool
    /// Whether an open fails that cannot be written to the audit log.
    package var isAuditRequired: Bool

    /// Puts settings together.
    package init(
        embargo: EmbargoPolicy? = nil, expressions: [PathExpression] = [],
        isRevocationHard: Bool = false, isAuditRequired: Bool = false
    ) {
        self.embargo = embargo
        self.expressions = expressions
        self.isRevocationHard = isRevocationHard
        self.isAuditRequired = isAuditRequired
    }
}

/// The set of policy files that an object was made from, or nil for what commands made: `apply`
/// changes and removes only what carries its own label.
package typealias PolicyLabel = String

/// A team with what the engine does not need of it.
package struct TeamRecord: Hashable, Sendable {
    /// One line for people.
    package var title: String?
    /// Whose it is.
    package var label: PolicyLabel?

    /// Puts a record together.
    package init(title: String? = nil, label: PolicyLabel? = nil) {
        self.title = title
        self.label = label
    }
}
