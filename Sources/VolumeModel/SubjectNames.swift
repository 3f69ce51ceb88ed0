/// The name of a user of this site: 1 to 64 bytes of `[a-z0-9]` and inner `.`, `_`, `-`, `@`, `+`.
///
/// ASCII alone, so that no two names look alike and none needs a normal form.
package struct UserName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name itself.
    package let string: String

    /// - Throws: `PerigeeError.invalidArgument` where the text is no user name.
    package init(_ string: String) throws(PerigeeError) {
        guard
            isSubjectName(
                string.utf8, isInner: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "+") })
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(string)) is no user name",
                remedy: "use 1 to 64 of a-z, 0-9, and inside of it `.`, `_`, `-`, `@`, `+`")
        }
        self.string = string
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package var description: String { string }
}

/// The name of a team of this site: 1 to 64 bytes of `[a-z0-9]` and inner `.`, `_`, `-`.
package struct TeamName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name itself.
    package let string: String

    /// - Throws: `PerigeeError.invalidArgument` where the text is no team name.
    package init(_ string: String) throws(PerigeeError) {
        guard isSubjectName(string.utf8, isInner: { _ in false }) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(string)) is no team name",
                remedy: "use 1 to 64 of a-z, 0-9, and inside of it `.`, `_`, `-`")
        }
        self.string = string
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package var description: String { string }
}

/// The key of an attribute that rules can use: 1 to 64 bytes, `[a-z][a-z0-9_]*`.
package struct AttributeKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The key itself.
    package let string: String

    /// - Throws: `PerigeeError.invalidArgument` where the text is no attribute key.
    package init(_ string: String) throws(PerigeeError) {
        let bytes = string.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, isLetter(first),
            bytes.allSatisfy({ isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") })
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(string)) is no attribute key",
                remedy: "use 1 to 64 of a-z, 0-9 and `_`, a letter first, as in proposal_id")
        }
        self.string = string
    }

    private init(known string: String) { self.string = string }

    /// When an entry's metadata become open: an instant as `Timestamp(parsing:)` reads it.
    package static let metadataRelease = AttributeKey(known: "metadata_release")
    /// When an entry's data become open.
    package static let dataRelease = AttributeKey(known: "data_release")

    package static func < (left: Self, right: Self) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package var description: String { string }
}

private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// - Parameter isInner: what may stand inside a name beside `.`, `_` and `-`.
private func isSubjectName(_ text: String.UTF8View, isInner: (UInt8) -> Bool) -> Bool {
    guard (1...64).contains(text.count), let first = text.first, let last = text.last,
        isLetter(first) || isDigit(first), isLetter(last) || isDigit(last)
    else { return false }
    return text.allSatisfy { byte in
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-") || isInner(byte)
    }
}
