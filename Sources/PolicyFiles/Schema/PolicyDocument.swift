package import AccessControl
package import VolumeModel
package import YAMLFiles

/// What a document `kind: Policy` says: the rules of one volume.
package struct PolicyDocument: Sendable {
    /// The volume.
    package let volume: Located<VolumeName>
    /// The rules, those that came from lists one by one, each at its place.
    package let rules: [RuleEntry]

    /// A rule of a file.
    package struct RuleEntry: Sendable {
        /// The rule.
        package let rule: AccessRule
        /// The name that the file gives it; lists make `name.1`, `name.2` and so on of it.
        package let group: String
        /// Where it begins.
        package let place: FilePlace
        /// Where its subject stands.
        package let subjectPlace: FilePlace
    }

    static let keys = ["kind", "volume", "rules"]

    /// Notes rules that can never match on a volume with that embargo.
    func checkRules(embargo: EmbargoPolicy?, _ faults: inout FileFaults) {
        for entry in rules {
            guard let reason = entry.rule.reasonItNeverMatches(embargo: embargo) else { continue }
            faults.add(
                entry.place, "the rule \(entry.group) \(reason)",
                remedy: "it can never match: mend it, or take it away")
        }
    }

    /// Reads a document; nil where it has faults.
    ///
    /// - Parameter source: the file, as rules remember it.
    init?(_ node: YAMLNode, source: String, _ faults: inout FileFaults) {
        let before = faults.count
        guard let reader = FieldReader(node, of: "a Policy", keys: Self.keys, &faults) else {
            return nil
        }
        let volume = reader.requiredValue("volume", &faults, VolumeName.init)
        if !reader.has("rules") { _ = reader.required("rules", &faults) }
        var rules: [RuleEntry] = []
        var names: [String: FilePlace] = [:]
        for item in reader.list("rules", &faults) ?? [] {
            guard let draft = RuleDraft(item, &faults) else { continue }
            if let other = names[draft.name.value] {
                faults.add(
                    draft.name.place,
                    "there is a rule \(Printable.quoted(draft.name.value)) already",
                    remedy: "rename this one or that of line \(other.line)")
            }
            names[draft.name.value] = draft.name.place
            rules += draft.rules(source: source)
        }
        guard faults.count == before, let volume else { return nil }
        self.volume = volume
        self.rules = rules
    }
}

/// An item of `rules`, before its lists are taken apart.
private struct RuleDraft {
    let name: Located<String>
    private let effect: AccessRule.Effect
    private let subjects: [Located<Subject>]
    private let patterns: [Located<PathPattern>]
    private let conditions: [AccessCondition]
    private let from: Timestamp?
    private let until: Timestamp?
    private let place: FilePlace

    private static let keys = ["name", "grant", "deny", "to", "path", "when", "from", "until"]
    /// What a rule can be made into at most: three digits in their names.
    private static let mostRules = 999

    init?(_ node: YAMLNode, _ faults: inout FileFaults) {
        let before = faults.count
        guard let reader = FieldReader(node, of: "a rule", keys: Self.keys, &faults) else {
            return nil
        }
        let name = reader.requiredValue("name", &faults, Self.ruleName)
        let effect = Self.effect(reader, &faults)
        _ = reader.required("to", &faults)
        subjects = reader.items("to", &faults).compactMap {
            $0.value(of: "to", &faults, Subject.init(parsing:))
        }
        patterns = reader.items("path", &faults).compactMap {
            $0.value(of: "path", &faults, PathPattern.init)
        }
        conditions = reader.items("when", &faults).compactMap {
            $0.value(of: "when", &faults, AccessCondition.init(parsing:))?.value
        }
        from = reader.value("from", &faults, Timestamp.init(parsing:))?.value
        until = reader.value("until", &faults, Timestamp.init(parsing:))?.value
        place = reader.place
        if subjects.count * max(patterns.count, 1) > Self.mostRules {
            faults.add(
                place, "the lists of this rule make more than \(Self.mostRules) rules",
                remedy: "make a team of the subjects, or one pattern of the paths")
        }
        guard faults.count == before, let name, let effect else { return nil }
        self.name = name
        self.effect = effect
    }

    /// One rule for each subject and path.
    func rules(source: String) -> [PolicyDocument.RuleEntry] {
        var entries: [PolicyDocument.RuleEntry] = []
        let paths: [Located<PathPattern>?] = patterns.isEmpty ? [nil] : patterns
        let isSingle = subjects.count * paths.count == 1
        for subject in subjects {
            for path in paths {
                let rule = AccessRule(
                    name: isSingle ? name.value : "\(name.value).\(entries.count + 1)",
                    effect: effect, subject: subject.value, pattern: path?.value,
                    conditions: conditions, from: from, until: until, place: source)
                entries.append(
                    PolicyDocument.RuleEntry(
                        rule: rule, group: name.value, place: place, subjectPlace: subject.place))
            }
        }
        return entries
    }

    private static func effect(
        _ reader: FieldReader, _ faults: inout FileFaults
    ) -> AccessRule.Effect? {
        let grant = reader.choice(
            "grant", [("read", .read), ("list", .list), ("discover", AccessLevel.discover)], &faults
        )
        let denial = reader.choice(
            "deny", [("none", .none), ("discover", .discover), ("list", AccessLevel.list)], &faults)
        guard reader.has("grant") != reader.has("deny") else {
            faults.add(
                reader.place, "a rule has either `grant` or `deny`",
                remedy: "write grant: read, list or discover, or deny: none, discover or list")
            return nil
        }
        return grant.map { .grant($0.value) } ?? denial.map { .denial($0.value) }
    }

    /// A name that no list makes of another, with room for the number that a list adds.
    private static func ruleName(_ text: String) throws(PerigeeError) -> String {
        guard (try? TeamName(text)) != nil, text.utf8.count <= 60,
            PlanBuilder.group(of: text) == text
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no name for a rule",
                remedy: "use 1 to 60 of a-z, 0-9, and inside of it `.`, `_`, `-`, without a "
                    + "number behind its last dot")
        }
        return text
    }
}

extension AccessCondition {
    /// Reads `embargoed`, `released` or `key=value`.
    init(parsing text: String) throws(PerigeeError) {
        if text == "embargoed" {
            self = .embargoed
        } else if text == "released" {
            self = .released
        } else if let sign = text.firstIndex(of: "=") {
            let value = String(text[text.index(after: sign)...])
            guard !value.isEmpty, value.utf8.count <= 256,
                value.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else {
                throw PerigeeError(
                    .invalidArgument, "the value in \(Printable.quoted(text)) is none",
                    remedy: "an attribute's value has 1 to 256 bytes, no control characters")
            }
            self = .attribute(try AttributeKey(String(text[..<sign])), equals: value)
        } else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no condition",
                remedy: "write embargoed, released, or key=value as in collection=hlsp")
        }
    }

    /// As files write it.
    var words: String {
        switch self {
        case .embargoed: "embargoed"
        case .released: "released"
        case .attribute(let key, let value): "\(key)=\(value)"
        }
    }
}
