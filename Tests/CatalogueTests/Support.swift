import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

/// One file or folder of a listing made by hand: exact in everything that goes into a digest.
struct FakeItem: Sendable {
    var name: [UInt8]
    var kind: EntryKind
    var size: Int64 = 0
    var modified: Int64 = 0
    var changed: Int64 = 0
    var inode: UInt64 = 0
    var target: String?
}

/// A file; times in nanoseconds.
func file(
    _ name: String, size: Int64 = 1, modified: Int64 = 1, changed: Int64 = 0, inode: UInt64 = 0,
    target: String? = nil
) -> FakeItem {
    FakeItem(
        name: Array(name.utf8), kind: .file, size: size, modified: modified, changed: changed,
        inode: inode, target: target)
}

/// A folder.
func folder(_ name: String, target: String? = nil) -> FakeItem {
    FakeItem(name: Array(name.utf8), kind: .folder, target: target)
}

/// A folder's listing as a scan would hand it over.
struct FakeFolder: Sendable {
    var items: [FakeItem] = []
    var modified: Int64 = 1

    func listing() -> FolderListing {
        var listing = FolderListing()
        listing.modified = Timestamp(nanoseconds: modified)
        for item in items {
            if let target = item.target { listing.targets.append(Array(target.utf8)) }
            listing.items.append(
                FolderListing.Item(
                    nameOffset: UInt32(listing.names.count), nameCount: UInt16(item.name.count),
                    kind: item.kind,
                    target: item.target == nil ? -1 : Int32(listing.targets.count - 1),
                    size: item.size, modified: item.modified, changed: item.changed,
                    inode: item.inode))
            listing.names += item.name
        }
        listing.sort()
        return listing
    }
}

/// A tree as a scan finds it: listings by the path of their folder.
struct FakeTree: Sendable {
    /// By the path of the folder.
    var folders: [String: FakeFolder] = ["": FakeFolder()]

    init(_ folders: [String: [FakeItem]], modified: Int64 = 1) {
        for (path, items) in folders {
            self.folders[path] = FakeFolder(items: items, modified: modified)
        }
    }

    /// Folder by folder, as the scan goes.
    func scan(into writer: CandidateWriter) throws {
        var folders = [CandidateWriter.Folder.root]
        while let folder = folders.popLast() {
            let path = String(decoding: folder.path, as: UTF8.self)
            let listing = self.folders[path, default: FakeFolder()].listing()
            folders += try writer.merge(listing, into: folder)
        }
    }
}

/// A catalogue in a temporary folder, with what a test does to it.
struct CatalogueFixture {
    let path: String
    var highest = 0
    var fingerprint = Fingerprint.sizeAndModified

    func writer(computesDigests: Bool = false) throws -> CandidateWriter {
        try CandidateWriter(
            path: path, ordinal: 1, highest: highest,
            options: .init(
                source: 1, fingerprint: fingerprint, computesDigests: computesDigests))
    }

    /// One scan: the candidate, or nil where nothing differs.
    @discardableResult
    func scan(
        _ tree: FakeTree, computesDigests: Bool = false,
        _ then: (CandidateWriter) throws -> Void = { _ in }
    ) throws -> RevisionFacts? {
        let writer = try writer(computesDigests: computesDigests)
        try writer.begin()
        try tree.scan(into: writer)
        try then(writer)
        return try writer.finish()
    }

    /// A scan whose candidate becomes a revision, as control would say.
    @discardableResult
    mutating func publish(
        _ tree: FakeTree, computesDigests: Bool = false,
        _ then: (CandidateWriter) throws -> Void = { _ in }
    ) throws -> RevisionFacts {
        let facts = try #require(try scan(tree, computesDigests: computesDigests, then))
        highest += 1
        #expect(facts.number == highest)
        return facts
    }

    func reader() throws -> CatalogueReader { try CatalogueReader(path: path) }

    func entry(_ path: String, _ revision: Int) throws -> Entry? {
        try reader().entry(at: EntryPath(path), revision: revision)
    }

    /// All paths of a revision, a folder's with a slash, in an in-order walk.
    func paths(_ revision: Int) throws -> [String] {
        let reader = try reader()
        func walk(_ folder: EntryID, _ prefix: String) throws -> [String] {
            try reader.list(folder, after: [], limit: 1_000_000, revision: revision).flatMap {
                entry -> [String] in
                let path = prefix + String(decoding: entry.key, as: UTF8.self)
                return entry.kind == .folder ? [path] + (try walk(entry.id, path)) : [path]
            }
        }
        return try walk(.root, "")
    }

    func isSound(_ revision: Int) throws -> Bool {
        try RevisionChecker(reader: try reader(), revision: revision).isSound(recorded: nil)
    }

    /// The state digest of a revision.
    func state(_ revision: Int) throws -> [UInt8]? { try reader().revision(revision)?.state }

    /// A number that SQL finds in the file.
    func number(_ sql: String) throws -> Int64 {
        try RawDatabase(path).number(sql)
    }
}

/// Gives `body` a catalogue that does not exist yet.
func withCatalogue(
    fingerprint: Fingerprint = .sizeAndModified, _ body: (inout CatalogueFixture) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        var fixture = CatalogueFixture(
            path: "\(folder)/volume.sqlite", fingerprint: fingerprint)
        try body(&fixture)
    }
}
