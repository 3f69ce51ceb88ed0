internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct PolicyExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract:
            "Say what somebody may do with a volume or an entry, why, and what would give more.",
        discussion: """
            Names the rule that decides, the file or command that it comes from, the way into the \
            team that it is about, and the nearest rule that would have granted more. A path that is \
            not there is explained by what its path and the archive's table say of it.

            Example:
              perigee policy explain --as jane hst
              perigee policy explain --as anyone jwst:jw01288 --at 2027-01-01
            """)

    @Argument(help: ArgumentHelp("What it is about.", valueName: "volume[@rN][:path]"))
    var reference: String
    @Option(name: .customLong("as"), help: "A user, or anyone.") var subject = "anyone"
    @Option(help: ArgumentHelp("When (default: now).", valueName: "time")) var at: String?
    @OptionGroup var options: StateOptions

    func run() throws {
        let reference = try VolumeReference(parsing: reference)
        let requester = try requester()
        let now = try at.map { text throws(PerigeeError) in try Timestamp(parsing: text) } ?? .now
        let store = try options.store()
        let record = try store.volume(named: reference.volume)
        var policy = try store.snapshot().policy
        guard let path = reference.path else {
            return show(
                AccessExplanation(
                    of: record.name, path: nil, for: requester, policy: policy, at: now),
                absence: nil)
        }
        let accessClass: AccessClassID
        let entry = try entry(at: path, reference)
        if let entry {
            accessClass = entry.accessClass
        } else {
            let source = try store.attributeSource(of: record.name)
            let attributes = try AttributeResolver(source).attributes(of: path.bytes)
            accessClass = AccessClassID(-1)
            policy.volumes[record.name]?.classes[accessClass] = AccessClass(attributes: attributes)
        }
        show(
            AccessExplanation(
                of: record.name, path: path.bytes, accessClass: accessClass, for: requester,
                policy: policy, at: now),
            absence: entry == nil
                ? "there is no such entry in \(record.name)\(reference.revision): what follows goes "
                    + "by its path" : nil)
    }

    /// The entry, or nil where it is not there or nothing is published.
    private func entry(at path: EntryPath, _ reference: VolumeReference) throws -> Entry? {
        let service = try options.service()
        defer { service.stop() }
        do throws(PerigeeError) {
            let snapshot = try service.snapshot(
                of: reference.volume, at: reference.revision, for: .owner, showing: .listed)
            return try service.entry(at: path, of: snapshot)
        } catch {
            guard error.code == .notFound, reference.revision == .current else { throw error }
            return nil
        }
    }

    private func requester() throws(PerigeeError) -> Requester {
        let name = subject.hasPrefix("user:") ? String(subject.dropFirst(5)) : subject
        let principal = try ActingUser.principal(name, for: "policy explain \(reference)", options)
        guard case .user(let user, _) = principal else { return .anyone }
        return .user(user)
    }

    private func show(_ explanation: AccessExplanation, absence: String?) {
        if options.json { return Output.object(Report(explanation, isAbsent: absence != nil)) }
        if let absence { Output.line(absence) }
        for (index, line) in explanation.lines.enumerated() {
            Output.line(line)
            if index == 0, let words = Self.words(explanation.deciding.attributes) {
                Output.line(words)
            }
        }
    }

    /// What the entry's class has, which rules and release times go by.
    private static func words(_ attributes: [AttributeKey: String]?) -> String? {
        guard let attributes, !attributes.isEmpty else { return nil }
        let pairs = attributes.sorted { $0.key < $1.key }.map { key, value in
            "\(key) \(Printable.quoted(value))"
        }
        return "its attributes: \(pairs.joined(separator: ", "))"
    }

    private struct Report: Encodable {
        var subject: String
        var volume: String
        var path: String?
        var isAbsent: Bool
        var at: String
        var level: String
        var attributes: [String: String]
        var grant: Rule?
        var denial: Rule?
        var nearest: Rule?
        var until: String?
        var lines: [String]

        struct Rule: Encodable {
            var name: String
            var place: String
            var way: String?

            init(_ rule: AccessRule, way: TeamWay? = nil) {
                name = rule.name
                place = rule.place
                self.way = way?.text
            }
        }

        init(_ explanation: AccessExplanation, isAbsent: Bool) {
            let finding = explanation.deciding
            switch explanation.requester {
            case .anyone: subject = "anyone"
            case .user(let name): subject = "user:\(name)"
            }
            volume = explanation.volume.string
            path = explanation.own.path.map { String(decoding: $0, as: UTF8.self) }
            self.isAbsent = isAbsent
            at = explanation.now.iso8601
            level = explanation.decision.level.description
            attributes = Dictionary(
                uniqueKeysWithValues: (finding.attributes ?? [:]).map { ($0.string, $1) })
            grant = finding.grant.map { Rule($0.rule, way: $0.way) }
            denial = finding.denial.map { Rule($0.rule, way: $0.way) }
            nearest = finding.nearest.map { Rule($0.rule) }
            until = explanation.until?.iso8601
            lines = explanation.lines
        }
    }
}
