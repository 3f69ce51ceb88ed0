/// The number of a published revision: dense, from 1, given at publish.
package struct RevisionNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The highest number that node numbers have room for (15 bits, 0 being "current").
    package static let highest = RevisionNumber(unchecked: 32_766)

    /// The number, 1 or more.
    package let value: Int

    /// Nil where `value` is not in 1...32,766.
    package init?(_ value: Int) {
        guard value >= 1, value <= Self.highest.value else { return nil }
        self.value = value
    }

    /// Reads `r` and decimal digits without leading zeros.
    package init?(label: some StringProtocol) {
        let text = label.utf8
        guard text.first == UInt8(ascii: "r"), text.count <= 6,
            text.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            text.dropFirst().first != UInt8(ascii: "0"),
            let value = Int(label.dropFirst())
        else { return nil }
        self.init(value)
    }

    private init(unchecked value: Int) {
        self.value = value
    }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// As people write it: `r3`.
    package var description: String { "r\(value)" }
}

/// Which state of a volume is meant.
package enum RevisionSelector: Hashable, Sendable, CustomStringConvertible {
    /// What is published now; follows a publish or a rollback.
    case current
    /// One published revision, for good.
    case pinned(RevisionNumber)
    /// What was scanned and is not published. Only the state's owner resolves it.
    case candidate

    /// As it stands behind a volume's name: nothing, `@r3` or `@candidate`.
    package var description: String {
        switch self {
        case .current: ""
        case .pinned(let number): "@\(number)"
        case .candidate: "@candidate"
        }
    }
}
