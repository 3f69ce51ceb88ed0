/// What a subject may do with an entry or a volume; each level includes those below it.
package enum AccessLevel: UInt8, Comparable, Sendable, CaseIterable, CustomStringConvertible {
    /// It does not exist for the subject.
    case none = 0
    /// A volume appears in catalogues and searches, and nowhere else; an entry does not exist.
    case discover = 1
    /// Names, sizes and metadata can be seen.
    case list = 2
    /// Bytes can be read.
    case read = 3

    /// The level of that name, or nil.
    package init?(named name: String) {
        guard let level = Self.allCases.first(where: { $0.description == name }) else { return nil }
        self = level
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    package var description: String {
        switch self {
        case .none: "none"
        case .discover: "discover"
        case .list: "list"
        case .read: "read"
        }
    }
}
