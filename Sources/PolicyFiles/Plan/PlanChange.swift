/// One object that a plan makes, changes or removes.
package struct PlanChange: Hashable, Sendable, CustomStringConvertible {
    /// What happens to it.
    package enum Action: String, Sendable {
        case add
        case change
        case remove

        /// As a diff marks it.
        package var mark: String {
            switch self {
            case .add: "+"
            case .change: "~"
            case .remove: "-"
            }
        }
    }

    /// What it is.
    package enum Kind: String, Sendable {
        case volume
        case team
        case rule
    }

    /// What happens to it.
    package let action: Action
    /// What it is.
    package let kind: Kind
    /// What it is called: a rule by its volume and name, as in `jwst/proposal-team`.
    package let name: String
    /// What it is made of, or how it changes: `grant list -> read`.
    package let details: [String]

    /// Puts a change together.
    package init(_ action: Action, _ kind: Kind, _ name: String, _ details: [String] = []) {
        self.action = action
        self.kind = kind
        self.name = name
        self.details = details
    }

    /// A line of a diff: `~ rule jwst/proposal-team: grant list -> read`; with several details a
    /// line for each below it.
    package var description: String {
        let head = "\(action.mark) \(kind.rawValue) \(name)"
        switch details.count {
        case 0: return head
        case 1: return "\(head): \(details[0])"
        default: return ([head] + details.map { "    \($0)" }).joined(separator: "\n")
        }
    }
}

/// An object that carries the plan's label, is in no file any more, and stays.
package struct PlanRemainder: Hashable, Sendable, CustomStringConvertible {
    /// What it is.
    package let kind: PlanChange.Kind
    /// What it is called.
    package let name: String
    /// Why it stays: `--prune removes it`.
    package let reason: String

    /// `= rule jwst/old: in no file, kept; --prune removes it`.
    package var description: String { "= \(kind.rawValue) \(name): in no file, kept; \(reason)" }
}
