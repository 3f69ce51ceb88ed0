internal import AccessControl
internal import VolumeModel

/// What the store takes: names, lengths and values that every later reader can rely on.
enum AccessLimits {
    /// Bytes of one line for people.
    static let longestTitle = 1_024
    /// Bytes of a paragraph or more.
    static let longestText = 1 << 20
    /// Bytes of an attribute's value.
    static let longestValue = 256

    /// - Throws: `.invalidArgument`.
    static func check(value: String, of key: AttributeKey) throws(PerigeeError) {
        guard value.utf8.count <= longestValue, isOneLine(value) else {
            throw PerigeeError(
                .invalidArgument,
                "the value \(Printable.quoted(value)) of \(key) is longer than \(longestValue)"
                    + " bytes or has control characters")
        }
    }

    /// - Throws: `.invalidArgument`.
    static func check(_ rule: AccessRule) throws(PerigeeError) {
        guard isRuleName(rule.name.utf8) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(rule.name)) is no name of a rule",
                remedy: "use 1 to 64 of a-z, 0-9, and inside of it `.`, `_`, `-`")
        }
        for case .attribute(let key, let value) in rule.conditions {
            try check(value: value, of: key)
        }
        if let from = rule.from, let until = rule.until, from >= until {
            throw PerigeeError(
                .invalidArgument, "the rule \(rule.name) ends before it begins",
                remedy: "give it an `until` that is after its `from`")
        }
        guard rule.place.utf8.count <= 4_096, isOneLine(rule.place) else {
            throw PerigeeError(
                .invalidArgument,
                "the place of the rule \(rule.name) is longer than 4,096 bytes or has control"
                    + " characters")
        }
    }

    /// - Throws: `.invalidArgument`.
    static func check(label: PolicyLabel?) throws(PerigeeError) {
        guard let label else { return }
        guard (1...128).contains(label.utf8.count), isOneLine(label) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(label)) is no label",
                remedy: "use 1 to 128 bytes without control characters")
        }
    }

    /// - Throws: `.invalidArgument`.
    static func check(title: String?, of thing: String) throws(PerigeeError) {
        guard let title else { return }
        guard title.contains(where: { !$0.isWhitespace }) else {
            throw PerigeeError(
                .invalidArgument, "\(thing) has no title", remedy: "say in one line what it holds")
        }
        guard title.utf8.count <= longestTitle, isOneLine(title) else {
            throw PerigeeError(
                .invalidArgument,
                "the title of \(thing) is longer than \(longestTitle) bytes or not one line",
                remedy: "say it in one line without control characters")
        }
    }

    /// - Throws: `.invalidArgument`.
    static func check(
        _ metadata: VolumeMetadata, of name: VolumeName
    ) throws(PerigeeError) {
        try check(title: metadata.title, of: "the volume \(name)")
        let texts = [
            metadata.abstract, metadata.domain, metadata.mission, metadata.contact,
            metadata.creator, metadata.licence, metadata.doi,
        ]
        for case let text? in texts where text.utf8.count > longestText || text.utf8.contains(0) {
            throw PerigeeError(
                .invalidArgument,
                "what is told of the volume \(name), \(Printable.quoted(text)), is longer than"
                    + " \(longestText) bytes or has a NUL byte")
        }
    }

    /// - Throws: `.invalidArgument`.
    static func check(
        _ settings: VolumeSettings, of name: VolumeName
    ) throws(PerigeeError) {
        if let months = settings.embargo?.period?.months, !(0...1_200).contains(months) {
            throw PerigeeError(
                .invalidArgument,
                "the embargo of the volume \(name) lasts \(months) months",
                remedy: "give it 0 to 1,200 months")
        }
    }

    private static func isOneLine(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    private static func isRuleName(_ name: String.UTF8View) -> Bool {
        let isPlain = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (1...64).contains(name.count), let first = name.first, let last = name.last else {
            return false
        }
        return isPlain(first) && isPlain(last)
            && name.allSatisfy { isPlain($0) || [0x2d, 0x2e, 0x5f].contains($0) }
    }
}
