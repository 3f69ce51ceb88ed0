import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

/// Random trees with links, scans, publishes and assignments, against what a walk of each
/// revision's own tree says.
@Suite("Classes against a model", .timeLimit(.minutes(5)))
struct ClassModelTests {
    private var random = SeededRandom(announcing: "classes")

    /// A tree of few names, so that the same come and go.
    private mutating func tree(like old: FakeTree?) -> FakeTree {
        var tree = FakeTree([:])
        tree.folders = [:]
        fill("", 0, &tree, old)
        return tree
    }

    private mutating func fill(
        _ path: String, _ depth: Int, _ tree: inout FakeTree, _ old: FakeTree?
    ) {
        // A folder's time that changes alone is no change, so it would not come back either.
        var listing = FakeFolder(modified: 1)
        let before = old?.folders[path]
        for name in ["a", "b", "c"] {
            var item = before?.items.first { $0.name == Array(name.utf8) }
            if item == nil || random.once(in: 6) {
                let target = random.once(in: 3) ? "t\(random.below(3))" : nil
                item =
                    random.once(in: 4)
                    ? nil
                    : depth < 3 && random.once(in: 2)
                        ? folder(name, target: target)
                        : file(name, size: Int64(random.below(2)), target: target)
            } else if random.once(in: 5) {
                // Aimed elsewhere, and else as it was.
                item?.target = random.once(in: 3) ? nil : "t\(random.below(3))"
            }
            guard let item else { continue }
            listing.items.append(item)
            if item.kind == .folder {
                fill(path.isEmpty ? name : "\(path)/\(name)", depth + 1, &tree, old)
            }
        }
        tree.folders[path] = listing
    }

    /// What a walk of the tree says of each entry.
    private func classes(
        _ tree: FakeTree, _ classOf: (ClassifiedEntry) -> AccessClassID
    ) -> [String: Int64] {
        var found: [String: Int64] = [:]
        func walk(_ folder: String, _ link: EntryLink?) {
            for item in tree.folders[folder]?.items ?? [] {
                let name = String(decoding: item.name, as: UTF8.self)
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                let own =
                    item.target.map {
                        EntryLink(path: Array(path.utf8), target: Array($0.utf8))
                    } ?? link
                found[path] =
                    classOf(ClassifiedEntry(path: Array(path.utf8), kind: item.kind, link: own))
                    .value
                if item.kind == .folder { walk(path, own) }
            }
        }
        walk("", nil)
        return found
    }

    /// What the catalogue says of each entry of a revision; checks the index on the way.
    private func classes(_ reader: CatalogueReader, _ revision: Int) throws -> [String: Int64] {
        var found: [String: Int64] = [:]
        func walk(_ id: EntryID, _ prefix: String) throws {
            for entry in try reader.list(id, after: [], limit: 1_000, revision: revision) {
                let path = prefix + String(decoding: entry.name, as: UTF8.self)
                found[path] = entry.accessClass.value
                #expect(
                    try reader.folders(ofClass: entry.accessClass, limit: .max).contains(id),
                    "\(path) in \(revision)")
                if entry.kind == .folder { try walk(entry.id, "\(path)/") }
            }
        }
        try walk(.root, "")
        return found
    }

    @Test("Each revision has the classes that its own tree calls for", arguments: 1...6)
    mutating func model(_: Int) throws {
        for _ in 0..<15 {
            try withCatalogue { catalogue in
                var published: [FakeTree] = []
                // A new assignment of everything takes another function.
                var salt: Int64 = 0
                func classOf(_ entry: ClassifiedEntry) -> AccessClassID {
                    AccessClassID((sampleClass(entry).value + salt) % 7)
                }
                for _ in 0..<12 {
                    let candidate = published.count + 1
                    let isBack = random.once(in: 4) && !published.isEmpty
                    let next = isBack ? published.last! : tree(like: published.last)
                    let salted = salt
                    let facts = try catalogue.scan(next) { writer in
                        _ = try writer.assignClasses(.candidate, from: 1) { entries in
                            entries.map {
                                AccessClassID((sampleClass($0).value + salted) % 7)
                            }
                        }
                    }
                    // What was changed and changed back leaves nothing.
                    if isBack { #expect(facts == nil) }
                    if facts == nil {
                        #expect(
                            try catalogue.number(
                                """
                                SELECT count(*) FROM entry
                                WHERE added = \(candidate) OR removed = \(candidate)
                                """) == 0)
                    } else {
                        #expect(
                            try classes(catalogue.reader(), candidate) == classes(next, classOf))
                        #expect(try catalogue.isSound(candidate))
                    }
                    switch random.below(4) {
                    case 0:
                        try catalogue.writer().discardCandidate()
                    case 1 where facts != nil, 2 where facts != nil:
                        published.append(next)
                        catalogue.highest += 1
                    default: break
                    }
                    if random.once(in: 3) {
                        salt = Int64(random.below(7))
                        let salted = salt
                        try catalogue.assign(.everything) {
                            AccessClassID((sampleClass($0).value + salted) % 7)
                        }
                    }
                    for (index, tree) in published.enumerated() {
                        #expect(
                            try classes(catalogue.reader(), index + 1) == classes(tree, classOf))
                        #expect(try catalogue.isSound(index + 1))
                    }
                }
                // Made anew, the index leads nowhere where nothing is.
                try catalogue.assign(.everything, classOf)
                #expect(
                    try catalogue.number(
                        """
                        SELECT count(*) FROM folder_class WHERE NOT EXISTS (
                            SELECT 1 FROM entry WHERE parent = folder AND entry.class = folder_class.class)
                        """) == 0)
            }
        }
    }
}
