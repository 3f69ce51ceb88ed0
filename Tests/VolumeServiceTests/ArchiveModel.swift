import AccessControl
import ControlStore
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// An archive that is changed at random, and what its volume should hold at each revision.
struct ArchiveModel {
    let fixture: ServiceFixture
    let volume: VolumeName
    let service: LocalVolumeService
    /// What each revision should hold, the first at 0.
    private(set) var revisions: [ReferenceTree] = []
    private var current = 0
    /// What the candidate should hold, where there should be one.
    private var candidate: ReferenceTree?
    /// A time that grows, so that no two contents of one name share size and time.
    private var clock: Int64 = 1_600_000_000_000_000_000
    private var counts: [String: Int] = [:]

    enum Part {
        case all
        case prefix(EntryPath)
        case changes([EntryPath])
    }

    init(_ fixture: ServiceFixture) throws {
        self.fixture = fixture
        volume = try fixture.add()
        service = try fixture.service()
    }

    var summary: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    /// One change of the archive, or one command.
    mutating func step(_ random: inout SeededRandom) throws {
        switch random.below(20) {
        case 0..<13: try change(&random)
        case 13, 14: try scan(.all)
        case 15: try scan(.prefix(try path(&random)))
        case 16: try scan(.changes(try (0...random.below(4)).map { _ in try path(&random) }))
        case 17, 18: if candidate != nil { try publish() }
        default:
            guard !revisions.isEmpty else { return }
            current = random.below(revisions.count)
            try fixture.publisher.rollBack(
                volume, to: #require(RevisionNumber(current + 1)))
            count("rollbacks")
        }
    }

    // MARK: The archive

    private static let names = ["a", "b", "b-", "b.x", "c 1", "é", "n\nl"]

    /// A path that may or may not be there, at most three names deep.
    private func path(_ random: inout SeededRandom) throws -> EntryPath {
        let depth = 1 + random.below(3)
        return try EntryPath(
            (0..<depth).map { _ in random.pick(Self.names) }.joined(separator: "/"))
    }

    private mutating func change(_ random: inout SeededRandom) throws {
        let place = try path(&random)
        let file = fixture.archive(place.description)
        let above = try #require(place.parentAndName).parent
        if !above.isRoot { try? DiskFile.makeFolders(fixture.archive(above.description)) }
        var status = stat()
        let exists = lstat(file, &status) == 0
        let isFolder = exists && status.st_mode & S_IFMT == S_IFDIR
        switch random.below(10) {
        case 0..<4:
            if isFolder { return }
            try? DiskFile.replace(file, random.bytes(random.below(300)))
            tick(file)
            count("files written")
        case 4:
            if isFolder { removeTree(file) } else { try? DiskFile.remove(file) }
            count("removals")
        case 5:
            if !exists { try? DiskFile.makeFolder(file) }
        case 6:
            if exists, !isFolder { tick(file) }
        case 7:
            if exists { return }
            let target = random.once(in: 8) ? "nothing" : try path(&random).description
            try? DiskFile.link(
                file, to: String(repeating: "../", count: place.segments.count - 1) + target)
            count("links")
        case 8:
            let other = fixture.archive(try path(&random).description)
            if exists, !DiskFile.exists(other) { try? DiskFile.move(file, to: other) }
            count("moves")
        default:
            if !exists { try? DiskFile.makePipe(file) }
        }
    }

    private mutating func tick(_ file: String) {
        clock += 1_000_000_007
        var status = stat()
        guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        try? DiskFile.setModified(file, Timestamp(nanoseconds: clock))
    }

    private mutating func count(_ what: String) { counts[what, default: 0] += 1 }

    // MARK: Commands

    mutating func scan(_ part: Part) throws {
        count("scans")
        let found = ReferenceTree(walking: fixture.archive)
        let known = candidate ?? revisions.last ?? ReferenceTree()
        var options = ScanOptions()
        options.allowsEmpty = true
        var expected = known
        switch part {
        case .all: expected = found
        case .prefix(let path):
            options.prefix = path
            let trees = [found, known, revisions.last ?? ReferenceTree()]
            guard trees.contains(where: { $0.nodes[path.bytes] != nil }) || isReported(path, found)
            else {
                let refused = options
                #expect(
                    failure { _ = try fixture.publisher.scan(volume, options: refused) }?.code
                        == .notFound)
                return count("refused scans")
            }
            expected = known.replacing(path.bytes, from: found)
        case .changes(let paths):
            options.changes = paths
            for path in paths { expected = expected.replacing(path.bytes, from: found) }
        }
        let report = try fixture.publisher.scan(volume, options: options)
        // A difference of folders' times alone, which this model does not know, makes one too.
        if report.hasCandidate {
            candidate = expected
        } else {
            #expect(expected.nodes == (revisions.last?.nodes ?? [:]))
            candidate = nil
        }
        #expect(report.number.value == revisions.count + 1)
        #expect((report.files, report.bytes) == (Int64(expected.files), expected.bytes))
    }

    /// Whether what stands at `path`, or on the way there, is in the report rather than in the volume.
    private func isReported(_ path: EntryPath, _ found: ReferenceTree) -> Bool {
        var end: EntryPath? = path
        while let part = end, !part.isRoot {
            var status = stat()
            if lstat(fixture.archive(part.description), &status) == 0 {
                return found.nodes[part.bytes] == nil
            }
            end = part.parentAndName?.parent
        }
        return false
    }

    mutating func publish() throws {
        guard let expected = candidate else { return }
        let record = try fixture.publisher.publish(volume, isForced: true)
        revisions.append(expected)
        current = revisions.count - 1
        candidate = nil
        #expect(record.number.value == revisions.count)
        #expect(record.files == Int64(expected.files))
        #expect(record.folders == Int64(expected.folders))
        #expect(record.bytes == expected.bytes)
    }

    // MARK: Comparing

    /// Compares the current revision, a candidate and some old revision with the model.
    func check(allRevisions: Bool = false) async throws {
        guard !revisions.isEmpty else { return }
        let want = current + 1
        let isThere = eventually(within: 5) {
            // The service has seen the last publish and the last rollback.
            let newest = RevisionNumber(revisions.count).flatMap {
                try? service.snapshot(of: volume, at: .pinned($0), for: .anyone)
            }
            let snapshot = try? service.snapshot(of: volume, at: .current, for: .anyone)
            return newest != nil && snapshot?.number.value == want
        }
        #expect(isThere)
        try await compare(.current, revisions[current], readsContent: true)
        let checked =
            allRevisions ? Array(revisions.indices) : [revisions.count - 1, revisions.count / 2]
        for index in checked {
            let number = try #require(RevisionNumber(index + 1))
            try await compare(.pinned(number), revisions[index], readsContent: false)
        }
        let report = try fixture.publisher.verify(volume, at: .current)
        #expect(report.isCatalogueSound)
        if let candidate {
            let fresh = try fixture.service()
            defer { fresh.stop() }
            let snapshot = try fresh.snapshot(of: volume, at: .candidate, for: .owner)
            #expect(snapshot.files == Int64(candidate.files))
            #expect(snapshot.bytes == candidate.bytes)
        }
    }

    private func compare(
        _ selector: RevisionSelector, _ expected: ReferenceTree, readsContent: Bool
    ) async throws {
        let snapshot = try service.snapshot(of: volume, at: selector, for: .anyone)
        #expect(snapshot.files == Int64(expected.files))
        #expect(snapshot.folders == Int64(expected.folders))
        #expect(snapshot.bytes == expected.bytes)
        for path in expected.folderPaths {
            let folder = try #require(
                try service.entry(at: EntryPath(path), of: snapshot), "\(path)")
            let listed = try service.list(folder.id, of: snapshot, after: nil, limit: 10_000)
            let keys = listed.map { $0.kind == .folder ? $0.name + [0x2f] : $0.name }
            #expect(keys == expected.keys(in: path))
            for entry in listed where entry.kind == .file {
                let node = try #require(
                    expected.nodes[path.isEmpty ? entry.name : path + [0x2f] + entry.name])
                #expect(entry.size == node.size)
                #expect(entry.modified == node.modified)
                if readsContent {
                    try await self.compareContent(entry, node, snapshot)
                }
            }
        }
    }

    /// The origin may have moved on: then the file is stale, and never other bytes.
    private func compareContent(
        _ entry: Entry, _ node: ReferenceTree.Node, _ snapshot: VolumeSnapshot
    ) async throws {
        do {
            let content = try await service.content(of: entry, in: snapshot, piece: 64)
            #expect(content == node.content)
        } catch let error as PerigeeError {
            #expect(error.code == .stale)
        }
    }
}
