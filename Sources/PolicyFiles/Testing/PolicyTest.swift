package import AccessControl
package import VolumeModel
package import YAMLFiles

/// One assertion about policies: who, what, when, and the level expected.
package struct PolicyTest: Sendable {
    /// Who asks, in a test.
    package enum Subject: Hashable, Sendable, CustomStringConvertible {
        case anyone
        /// A user who is in these teams beside those of the files.
        case user(UserName, teams: [TeamName: TeamRole])

        /// `anyone`, `user:pi in jwst-1288`.
        package var description: String {
            switch self {
            case .anyone: return "anyone"
            case .user(let name, let teams):
                let words = teams.sorted { $0.key < $1.key }.map { team, role in
                    role == .member ? "\(team)" : "\(team)#\(role.rawValue)"
                }
                return "user:\(name)"
                    + (words.isEmpty ? "" : " in \(words.joined(separator: ", "))")
            }
        }
    }

    /// Where it stands.
    package let place: FilePlace
    /// Who asks.
    package let subject: Subject
    /// When.
    package let at: Timestamp
    /// For which volume.
    package let volume: Located<VolumeName>
    /// For which entry; nil: for the volume itself.
    package let path: EntryPath?
    /// What the entry's class has beside, and over, what its path tells.
    package let attributes: [AttributeKey: String]
    /// What is expected.
    package let level: AccessLevel
}

extension PolicyTest {
    private static let shared = ["as", "at", "volume", "path", "attributes"]
    static let keys = ["kind", "title"] + shared + ["cases"]

    /// Reads a document `kind: Test`: what its cases do not say they take from it.
    static func tests(
        _ node: YAMLNode, _ faults: inout FileFaults
    ) -> [PolicyTest] {
        guard let document = FieldReader(node, of: "a Test", keys: keys, &faults) else { return [] }
        _ = document.line("title", &faults)
        guard document.required("cases", &faults) != nil else { return [] }
        // Faults of the document's own values are told once, and not with each case.
        let defaults = Draft(document, &faults)
        return (document.list("cases", &faults) ?? []).compactMap { item in
            guard
                let reader = FieldReader(item, of: "a case", keys: shared + ["level"], &faults)
            else { return nil }
            let draft = Draft(reader, &faults).filled(from: defaults)
            return draft.test(reader, document, &faults)
        }
    }

    /// What a case or its document says.
    private struct Draft {
        var subject: Subject?
        var at: Timestamp?
        var volume: Located<VolumeName>?
        var path: EntryPath?
        var attributes: [AttributeKey: String]?

        init(_ reader: FieldReader, _ faults: inout FileFaults) {
            subject = reader.node("as").flatMap { PolicyTest.subject($0, &faults) }
            at = reader.value("at", &faults, Timestamp.init(parsing:))?.value
            volume = reader.value("volume", &faults, VolumeName.init)
            path =
                reader.value("path", &faults) { text throws(PerigeeError) in
                    try EntryPath(text)
                }?.value
            attributes = reader.node("attributes").map { PolicyTest.attributes($0, &faults) }
        }

        func filled(from other: Draft) -> Draft {
            var filled = self
            filled.subject = subject ?? other.subject
            filled.at = at ?? other.at
            filled.volume = volume ?? other.volume
            filled.path = path ?? other.path
            filled.attributes = attributes ?? other.attributes
            return filled
        }

        func test(
            _ reader: FieldReader, _ document: FieldReader, _ faults: inout FileFaults
        ) -> PolicyTest? {
            let level = reader.requiredValue("level", &faults, AccessLevel.init(parsing:))
            for (key, isMissing) in [
                ("as", subject == nil), ("at", at == nil), ("volume", volume == nil),
            ] where isMissing && !reader.has(key) && !document.has(key) {
                faults.add(
                    reader.place, "the case does not say `\(key)`, nor does its document",
                    remedy: "add a line \(key): ... to one of them")
            }
            guard let level, let subject, let at, let volume else { return nil }
            return PolicyTest(
                place: reader.place, subject: subject, at: at, volume: volume, path: path,
                attributes: attributes ?? [:], level: level.value)
        }
    }

    private static func subject(_ node: YAMLNode, _ faults: inout FileFaults) -> Subject? {
        guard case .mapping = node.content else {
            return node.value(of: "as", &faults) { text throws(PerigeeError) in
                if text == "anyone" { return .anyone }
                guard text.hasPrefix("user:") else {
                    throw PerigeeError(
                        .invalidArgument, "\(Printable.quoted(text)) is nobody who can ask",
                        remedy: "write anyone, user:NAME, or {user: NAME, teams: [TEAM]}")
                }
                return .user(try UserName(String(text.dropFirst(5))), teams: [:])
            }?.value
        }
        guard let reader = FieldReader(node, of: "`as`", keys: ["user", "teams"], &faults) else {
            return nil
        }
        let user = reader.requiredValue("user", &faults, UserName.init)
        var teams: [TeamName: TeamRole] = [:]
        for item in reader.list("teams", &faults) ?? [] {
            let standing = item.value(of: "teams", &faults) {
                text throws(PerigeeError) -> (TeamName, TeamRole) in
                let words = text.split(
                    separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    try TeamName(String(words[0])),
                    words.count == 2 ? try TeamRole(parsing: String(words[1])) : .member
                )
            }
            if let (team, role) = standing?.value { teams[team] = role }
        }
        return user.map { .user($0.value, teams: teams) }
    }

    private static func attributes(
        _ node: YAMLNode, _ faults: inout FileFaults
    ) -> [AttributeKey: String] {
        guard case .mapping(let fields) = node.content else {
            faults.add(
                node.place, "`attributes` is a mapping, and this is \(node.kind)",
                remedy: "write KEY: VALUE, as in proposal_id: \"1288\"")
            return [:]
        }
        var attributes: [AttributeKey: String] = [:]
        for field in fields {
            do throws(PerigeeError) {
                let key = try AttributeKey(field.key)
                if let value = field.value.text(of: field.key, &faults) {
                    attributes[key] = value.value
                }
            } catch {
                faults.add(field.place, error.message, remedy: error.remedy ?? "")
            }
        }
        return attributes
    }
}

extension AccessLevel {
    /// Reads a level's word.
    init(parsing text: String) throws(PerigeeError) {
        guard let level = AccessLevel(named: text) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no level",
                remedy: "a level is none, discover, list or read")
        }
        self = level
    }
}
