internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct VolumeListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the volumes.",
        discussion: """
            Name, current revision, whether anyone may read it and until when that holds, title.

            Example: perigee volume ls --json
            """)

    @OptionGroup var options: StateOptions

    func run() throws {
        let snapshot = try options.store().snapshot()
        for record in snapshot.volumes {
            let standing = PublicStanding(of: record.name, in: snapshot.policy)
            if options.json {
                Output.object(VolumeReport(record, standing))
                continue
            }
            let revision = record.current.map { "\($0)" } ?? "-"
            Output.line(
                "\(record.name)\t\(revision)\t\(standing.words)\t"
                    + Printable.escaped(Array(record.metadata.title.utf8)))
        }
    }
}

struct VolumeShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a volume: what it is, its revisions, its candidate, its problems.",
        discussion: """
            Example:
              perigee volume show hst
              perigee volume show hst@r2 --json
              perigee volume show hst --problems
            """)

    @Argument(help: ArgumentHelp("The volume.", valueName: "volume[@rN]")) var reference: String
    @Flag(help: "List what the scans left out.") var problems = false
    @OptionGroup var options: StateOptions

    func run() throws {
        let reference = try VolumeReference(parsing: reference)
        let publisher = try options.publisher()
        if problems { return try showProblems(reference, publisher) }
        let store = try options.store()
        let record = try store.volume(named: reference.volume)
        var revisions = try store.revisions(of: reference.volume)
        if case .pinned(let number) = reference.revision {
            revisions = revisions.filter { $0.number == number }
            guard !revisions.isEmpty else {
                throw PerigeeError(
                    .notFound, "there is no revision \(reference.volume)@\(number)",
                    remedy: "`perigee volume show \(reference.volume)` lists its revisions")
            }
        }
        let candidate = try publisher.candidate(of: reference.volume)
        let counts = try publisher.problemCounts(of: reference.volume)
        let policy = try store.snapshot().policy
        let standing = PublicStanding(of: record.name, in: policy)
        if options.json {
            var report = VolumeReport(record, standing)
            report.revisions = revisions.map { VolumeReport.Revision($0) }
            report.candidate = candidate.map { VolumeReport.Revision($0) }
            report.problems = Dictionary(
                uniqueKeysWithValues: counts.map { ($0.key.label, $0.value) })
            Output.object(report)
        } else {
            let hasGrants = policy.volumes[record.name]?.rules.contains { $0.isGrant } ?? false
            show(record, standing.readers(hasGrants: hasGrants), revisions, candidate, counts)
        }
    }

    private func show(
        _ record: VolumeRecord, _ readers: String, _ revisions: [RevisionRecord],
        _ candidate: Publisher.CandidateFacts?, _ problems: [ScanProblem.Kind: Int]
    ) {
        let facts: [(String, String?)] = [
            ("Volume", record.name.string), ("Title", record.metadata.title),
            ("Abstract", record.metadata.abstract), ("Domain", record.metadata.domain),
            ("Mission", record.metadata.mission), ("Contact", record.metadata.contact),
            ("Creator", record.metadata.creator), ("Licence", record.metadata.licence),
            ("DOI", record.metadata.doi), ("Readers", readers),
            (
                "Source",
                record.orderedSources.map { source in
                    "\(source.root):\(source.subpath)"
                        + (source.zone.map { " (zone \($0))" } ?? "")
                }.joined(separator: ", ")
            ), ("Current", record.current.map { "\($0)" } ?? "nothing is published"),
        ]
        for (label, value) in facts {
            guard let value else { continue }
            let padding = String(repeating: " ", count: 10 - label.count)
            Output.line("\(label)\(padding)\(Printable.escaped(Array(value.utf8)))")
        }
        for revision in revisions {
            let mark = revision.number == record.current ? "*" : " "
            let note =
                revision.note.map { "  \(Printable.escaped(Array($0.utf8)))" } ?? ""
            Output.line(
                "\(mark) \(revision.number)  \(Human.time(revision.publishedAt))  "
                    + "\(Human.count(revision.files, "file"))  \(Human.bytes(revision.bytes))  "
                    + "state \(Hex.encode(revision.stateDigest.prefix(8)))\(note)")
        }
        if let candidate {
            Output.line(
                "  candidate  \(Human.time(candidate.created))  "
                    + "\(Human.count(candidate.files, "file"))  "
                    + "\(Human.bytes(candidate.bytes))  not published")
        }
        for (kind, count) in problems.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            Output.line("! \(count) \(kind.label): \(kind.explanation)")
        }
    }

    private func showProblems(_ reference: VolumeReference, _ publisher: Publisher) throws {
        _ = try options.store().volume(named: reference.volume)
        try publisher.problems(of: reference.volume) { problem in
            if options.json {
                Output.object(
                    Problem(
                        kind: problem.kind.label, path: Output.text(problem.path),
                        detail: problem.detail))
            } else {
                let detail = problem.detail.isEmpty ? "" : "\t\(problem.detail)"
                Output.line("\(problem.kind.label)\t\(Printable.escaped(problem.path))\(detail)")
            }
        }
    }

    private struct Problem: Encodable {
        var kind: String
        var path: String
        var detail: String
    }
}

extension AccessRule {
    fileprivate var isGrant: Bool { if case .grant = effect { true } else { false } }
}

extension VolumeReport.Revision {
    fileprivate init(_ facts: Publisher.CandidateFacts) {
        self.init(
            number: facts.number.value, at: Human.time(facts.created), files: facts.files,
            folders: facts.folders, bytes: facts.bytes,
            stateDigest: Hex.encode(facts.stateDigest),
            contentDigest: facts.contentDigest.map { Hex.encode($0) }, note: nil)
    }
}
