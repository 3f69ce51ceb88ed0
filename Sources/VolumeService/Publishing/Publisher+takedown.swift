internal import AccessControl
internal import Catalogue
internal import ControlStore
package import VolumeModel

/// Taking entries away from everybody, in every revision, whatever else is granted.
extension Publisher {
    /// A rule that takes entries down.
    package struct Takedown: Sendable {
        /// The rule's name.
        package let name: String
        /// What it covers: what matches, and all below.
        package let pattern: PathPattern
        /// How many entries of the current revision that is; nil where none is published.
        package let covered: Covered?
        /// Why entries that links lead to may be open by the links' paths still, though the rule is
        /// in force; nil where all is done. The same takedown once more does the rest.
        package var unfinished: PerigeeError?
    }

    /// How much of a revision a pattern covers.
    package struct Covered: Hashable, Sendable {
        /// Files.
        package var files: Int64 = 0
        /// Folders.
        package var folders: Int64 = 0
    }

    private static let prefix = "takedown-"
    /// Attempts of one who decides while others change the store too.
    private static let attempts = 5

    /// Takes down what a pattern covers. The same pattern once more changes nothing.
    ///
    /// - Throws: `.notFound`, `.busy`, `.conflict` where others change the store all the time;
    ///   nothing was taken down then.
    package func takeDown(
        _ pattern: PathPattern, of name: VolumeName
    ) throws(PerigeeError) -> Takedown {
        let rule = try retrying { snapshot throws(PerigeeError) in
            let rules = try Self.takedowns(of: name, in: snapshot)
            if let rule = rules.first(where: { $0.pattern == pattern }) { return rule }
            let last = rules.compactMap { Int($0.name.dropFirst(Self.prefix.count)) }.max() ?? 0
            let rule = AccessRule(
                name: "\(Self.prefix)\(last + 1)", effect: .denial(.none), subject: .anyone,
                pattern: pattern, place: "volume takedown")
            try self.store.perform(
                [.setRule(name, rule, label: nil)], at: snapshot.epoch)
            return rule
        }
        // What is reached by a link has to say where it really is.
        do throws(PerigeeError) {
            try assignClassesIfNeeded(name)
            return Takedown(
                name: rule.name, pattern: pattern, covered: try covered(by: pattern, of: name))
        } catch {
            return Takedown(
                name: rule.name, pattern: pattern, covered: nil, unfinished: error)
        }
    }

    /// Takes a takedown back.
    ///
    /// - Returns: the names of the rules that were removed.
    /// - Throws: `.notFound` where nothing is taken down by that pattern.
    package func undoTakedown(
        _ pattern: PathPattern, of name: VolumeName
    ) throws(PerigeeError) -> [String] {
        try retrying { snapshot throws(PerigeeError) in
            let rules = try Self.takedowns(of: name, in: snapshot)
                .filter { $0.pattern == pattern }
            guard !rules.isEmpty else {
                throw PerigeeError(
                    .notFound,
                    "nothing of \(name) is taken down by \(Printable.quoted(pattern.text))",
                    remedy: "`perigee volume takedown \(name) --list` lists what is")
            }
            try self.store.perform(
                rules.map { .removeRule(name, name: $0.name) }, at: snapshot.epoch)
            return rules.map(\.name)
        }
    }

    /// What is taken down, by the rules' numbers.
    ///
    /// - Throws: `.notFound`.
    package func takedowns(of name: VolumeName) throws(PerigeeError) -> [Takedown] {
        var found: [Takedown] = []
        for rule in try Self.takedowns(of: name, in: try store.snapshot()) {
            guard let pattern = rule.pattern else { continue }
            found.append(
                Takedown(
                    name: rule.name, pattern: pattern,
                    covered: try covered(by: pattern, of: name)))
        }
        return found
    }

    private static func takedowns(
        of name: VolumeName, in snapshot: ControlSnapshot
    ) throws(PerigeeError) -> [AccessRule] {
        guard snapshot.volume(named: name) != nil else {
            throw PerigeeError(
                .notFound, "there is no volume \(name)", remedy: "`perigee volume ls` lists them")
        }
        return (snapshot.policy.volumes[name]?.rules ?? [])
            .filter { $0.name.hasPrefix(prefix) && $0.effect == .denial(.none) }
            .sorted { ($0.name.utf8.count, $0.name) < ($1.name.utf8.count, $1.name) }
    }

    /// Runs `body` with what the store holds now, again where somebody else changed it meanwhile.
    private func retrying<Result>(
        _ body: (ControlSnapshot) throws(PerigeeError) -> Result
    ) throws(PerigeeError) -> Result {
        var attempt = 1
        while true {
            do throws(PerigeeError) {
                return try body(try store.snapshot())
            } catch  where error.code == .conflict && attempt < Self.attempts {
                attempt += 1
            }
        }
    }

    /// How much of the current revision a pattern covers; nil where none is published.
    private func covered(
        by pattern: PathPattern, of name: VolumeName
    ) throws(PerigeeError) -> Covered? {
        let record = try store.volume(named: name)
        guard let current = record.current else { return nil }
        var walk = CoverageWalk(pattern, try reader(record), current.value)
        return try walk.covered()
    }
}

/// Counts what a pattern covers, and looks only into folders that it leads into.
private struct CoverageWalk {
    private let reader: CatalogueReader
    private let revision: Int
    private let patterns: PathPatternSet
    private var workspace: PathPatternSet.Workspace
    private var found = Publisher.Covered()

    init(_ pattern: PathPattern, _ reader: CatalogueReader, _ revision: Int) {
        self.reader = reader
        self.revision = revision
        patterns = PathPatternSet([pattern])
        workspace = PathPatternSet.Workspace(for: patterns)
    }

    mutating func covered() throws(PerigeeError) -> Publisher.Covered {
        if !patterns.rootLeaves.isEmpty {
            try add(.root)
            return found
        }
        var stack = [(EntryID.root, patterns.start(&workspace))]
        while let (folder, states) = stack.popLast() {
            var key: [UInt8] = []
            while true {
                let page = try reader.list(folder, after: key, limit: 1_000, revision: revision)
                for entry in page {
                    let there = step(states, by: entry.name)
                    if !patterns.matches(there).isEmpty {
                        if entry.kind == .file { found.files += 1 } else { found.folders += 1 }
                        if entry.kind == .folder { try add(entry.id) }
                    } else if entry.kind == .folder {
                        let inside = step(there, by: [UInt8(ascii: "/")])
                        if !inside.isEmpty { stack.append((entry.id, inside)) }
                    }
                }
                guard page.count == 1_000, let last = page.last else { break }
                key = last.key
            }
        }
        return found
    }

    /// Adds everything below a folder, of which the catalogue knows how much it is.
    private mutating func add(_ folder: EntryID) throws(PerigeeError) {
        guard let state = try reader.state(of: folder, revision: revision) else { return }
        found.files += state.files
        found.folders += state.folders
    }

    private mutating func step(_ states: [Int32], by bytes: [UInt8]) -> [Int32] {
        var states = states
        for byte in bytes where !states.isEmpty {
            states = patterns.next(states, by: byte, &workspace)
        }
        return states
    }
}
