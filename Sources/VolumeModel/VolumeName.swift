/// The name of a volume: `[a-z0-9]([a-z0-9-]{1,38}[a-z0-9])`, so 3 to 40 bytes.
package struct VolumeName: Hashable, Sendable, CustomStringConvertible {
    /// Words that a volume cannot be called, since other things are.
    private static let reserved: Set<String> = ["searches", "data"]

    /// The name itself.
    package let string: String

    /// - Throws: `PerigeeError.invalidArgument` where the text is no volume name.
    package init(_ string: String) throws(PerigeeError) {
        guard isLabel(string.utf8, 3...40) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(string)) is no volume name",
                remedy:
                    "use 3 to 40 lower-case letters, digits and dashes, no dash at either end")
        }
        guard !Self.reserved.contains(string), !isRevisionLike(string.utf8) else {
            throw PerigeeError(
                .invalidArgument, "the volume name \(Printable.quoted(string)) is reserved",
                remedy: "choose a name other than `data`, `searches` and r followed by digits")
        }
        self.string = string
    }

    package var description: String { string }
}

/// The name of a site in a federation: 3 to 16 bytes of a volume name's alphabet.
package struct SiteName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    package let string: String

    /// - Throws: `PerigeeError.invalidArgument` where the text is no site name.
    package init(_ string: String) throws(PerigeeError) {
        guard isLabel(string.utf8, 3...16), !isRevisionLike(string.utf8) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(string)) is no site name",
                remedy: "use 3 to 16 lower-case letters, digits and dashes")
        }
        self.string = string
    }

    package var description: String { string }
}

/// The name of an origin root, in the same alphabet as a volume's.
package struct RootName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    package let string: String

    /// - Throws: `PerigeeError.invalidArgument` where the text is no root name.
    package init(_ string: String) throws(PerigeeError) {
        guard isLabel(string.utf8, 1...40) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(string)) is no name for an origin root",
                remedy: "use 1 to 40 lower-case letters, digits and dashes, no dash at either end")
        }
        self.string = string
    }

    package var description: String { string }
}

/// Whether `text` is lower-case letters, digits and inner dashes, of a length in `count`.
private func isLabel(_ text: String.UTF8View, _ count: ClosedRange<Int>) -> Bool {
    guard count.contains(text.count), text.first != UInt8(ascii: "-"),
        text.last != UInt8(ascii: "-")
    else { return false }
    return text.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }
}

/// Whether `text` is `r` and digits only: `hst.r007` must not be a volume `r007` of the site `hst`,
/// though it is no revision either.
private func isRevisionLike(_ text: String.UTF8View) -> Bool {
    text.first == UInt8(ascii: "r") && text.count > 1
        && text.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}
