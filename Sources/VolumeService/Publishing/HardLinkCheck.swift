internal import AccessControl
internal import Catalogue
internal import ControlStore
internal import VolumeModel

/// Finds files with several names that differ in what rules can tell apart: a class, or which of the
/// volume's rules cover the name. What is closed under one name would be open under another.
///
/// Takes names file by file, and remembers one.
struct HardLinkCheck {
    /// A name that differs from another of the same file.
    struct Difference {
        let path: [UInt8]
        let other: [UInt8]
    }

    private struct Name {
        let name: HardLinkedName
        let covering: [AttributeKey: String]
    }

    /// Says which patterns cover a path, by attributes of its own.
    private let patterns: AttributeResolver
    private var first: Name?

    /// - Parameter rules: the volume's rules.
    init(_ rules: [AccessRule]) {
        let patterns = Dictionary(
            rules.compactMap(\.pattern).map { ($0.text, $0) },
            uniquingKeysWith: { first, _ in first })
        var rows: [AttributeRow] = []
        for (index, pattern) in patterns.values.enumerated() {
            guard let key = try? AttributeKey("p\(index)") else { continue }
            rows.append(AttributeRow(pattern: pattern, key: key, value: ""))
        }
        self.patterns = AttributeResolver(AttributeSource(rows: rows))
    }

    /// Takes the next name.
    ///
    /// - Returns: in what it differs from the first name of its file, or nil.
    mutating func take(_ name: HardLinkedName) throws(PerigeeError) -> Difference? {
        let covering = try patterns.attributes(of: name.path)
        guard let first, first.name.inode == name.inode else {
            first = Name(name: name, covering: covering)
            return nil
        }
        if first.name.accessClass == name.accessClass, first.covering == covering { return nil }
        return Difference(path: name.path, other: first.name.path)
    }
}

extension Publisher {
    /// Puts into the report which names of files are under other rules than their other names.
    func reportHardLinks(_ writer: CandidateWriter, _ policy: VolumePolicy?) throws(PerigeeError) {
        try writer.clearProblems(of: .hardLinkDiffers)
        var check = HardLinkCheck(policy?.rules ?? [])
        try writer.hardLinks { name throws(PerigeeError) in
            guard let found = try check.take(name) else { return }
            try writer.add(
                ScanProblem(
                    .hardLinkDiffers, found.path,
                    "the same file as \(Printable.quoted(found.other))"))
        }
    }

    /// Refuses a candidate that has files under differing rules by today's rules, which may be others
    /// than at the scan.
    ///
    /// - Throws: `.conflict`.
    func checkHardLinks(_ record: VolumeRecord, in candidate: RevisionNumber) throws(PerigeeError) {
        let policy = try store.snapshot().policy.volumes[record.name]
        var check = HardLinkCheck(policy?.rules ?? [])
        var count = 0
        var first: HardLinkCheck.Difference?
        try reader(record).hardLinks(in: candidate.value) { name throws(PerigeeError) in
            guard let found = try check.take(name) else { return }
            count += 1
            if first == nil { first = found }
        }
        guard let first else { return }
        throw PerigeeError(
            .conflict,
            "the candidate of \(record.name) has \(count) \(count == 1 ? "name" : "names") of files "
                + "that have other names under other rules or attributes, the first being "
                + "\(Printable.quoted(first.path)), which is \(Printable.quoted(first.other)) too",
            remedy:
                "put both under the same rules, or accept that each name is open to whom its own "
                + "rules say: perigee volume publish \(record.name) --accept; nothing was changed")
    }
}
