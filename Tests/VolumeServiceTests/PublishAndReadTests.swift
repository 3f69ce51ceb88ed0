import ControlStore
import Foundation
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

@Suite("Publish and read", .timeLimit(.minutes(1)))
struct PublishAndReadTests {
    /// A published volume `hst` with a few files, and a service on it.
    private func withService(
        isPublic: Bool = true, files: FilesContract = .replaced, locality: Locality = .local,
        _ body: (ServiceFixture, VolumeName, LocalVolumeService) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            try DiskFile.makeFolders(fixture.archive("d/s"))
            try DiskFile.write(fixture.archive("a.fits"), Array("first content".utf8))
            try DiskFile.write(fixture.archive("d/s/x"), Array("deep".utf8))
            try DiskFile.write(fixture.archive("empty"), [])
            let volume = try fixture.add(isPublic: isPublic, files: files, locality: locality)
            try fixture.publish(volume)
            let service = try fixture.service()
            defer { service.stop() }
            try await body(fixture, volume, service)
        }
    }

    private func current(_ service: LocalVolumeService, _ volume: VolumeName) throws
        -> VolumeSnapshot
    {
        try service.snapshot(of: volume, at: .current, for: .owner)
    }

    @Test(
        "Every byte comes as it lies in the archive, in pieces of any size",
        arguments: [1, 7, 4_096, 65_536, 10_000_000])
    func bytes(_ piece: Int) async throws {
        try await withService { fixture, volume, service in
            var random = SeededRandom(seed: 5)
            let content = random.bytes(piece == 1 ? 300 : 200_000)
            try DiskFile.write(fixture.archive("big"), content)
            try fixture.publish(volume)
            #expect(try eventually(within: 2) { try current(service, volume).number.value == 2 })
            let snapshot = try current(service, volume)
            for (path, expected) in [
                ("a.fits", Array("first content".utf8)), ("d/s/x", Array("deep".utf8)),
                ("empty", []), ("big", content),
            ] {
                let entry = try #require(try service.entry(path, of: snapshot))
                #expect(entry.size == Int64(expected.count))
                #expect(entry.modified == (try DiskFile.modified(fixture.archive(path))))
                let got = try await service.content(of: entry, in: snapshot, piece: piece)
                #expect(got == expected)
            }
            #expect((snapshot.files, snapshot.folders) == (4, 2))
        }
    }

    @Test("Ranges are cut at the end of the file")
    func ranges() async throws {
        try await withService { _, volume, service in
            let snapshot = try current(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            let handle = try await service.open(entry, of: snapshot)
            defer { handle.close() }
            for (offset, count, text) in [
                (0, 5, "first"), (6, 100, "content"), (13, 1, ""), (99, 1, ""), (3, 0, ""),
            ] as [(Int64, Int, String)] {
                let range = try #require(ByteRange(offset: offset, count: count))
                #expect(try await handle.read(range) == Array(text.utf8))
            }
        }
    }

    @Test("A hidden volume does not exist, in the very words of one that was never there")
    func hidden() async throws {
        try await withService(isPublic: false) { _, volume, service in
            let missing = try VolumeName("missing")
            for selector in [
                RevisionSelector.current, .pinned(try #require(RevisionNumber(1))), .candidate,
            ] {
                let one = failure {
                    _ = try service.snapshot(of: volume, at: selector, for: .anyone)
                }
                let other = failure {
                    _ = try service.snapshot(of: missing, at: selector, for: .anyone)
                }
                #expect(one?.code == .notFound)
                #expect(
                    one?.description.replacing("hst", with: "missing") == other?.description)
            }
            #expect(try service.volumes(for: .anyone).isEmpty)
            #expect(try service.volumes(for: .owner).map(\.name) == [volume])
            _ = try current(service, volume)
        }
    }

    @Test("A volume that is hidden later takes its snapshots with it")
    func hiddenLater() async throws {
        try await withService { fixture, volume, service in
            let snapshot = try service.snapshot(of: volume, at: .current, for: .anyone)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            try fixture.store.setPublic(false, volume: volume)
            #expect(
                eventually(within: 2) {
                    failure { _ = try service.entry("a.fits", of: snapshot) }?.code == .notFound
                })
            #expect(
                await asyncFailure { _ = try await service.open(entry, of: snapshot) }?.code
                    == .notFound)
        }
    }

    @Test("A candidate is the owner's alone, and gone once published")
    func candidate() async throws {
        try await withService { fixture, volume, service in
            #expect(
                failure { _ = try service.snapshot(of: volume, at: .candidate, for: .owner) }?
                    .code == .notFound)
            try DiskFile.write(fixture.archive("new"), [1, 2])
            let report = try fixture.publisher.scan(volume)
            #expect(report.hasCandidate)
            #expect((report.added, report.removed, report.changed) == (1, 0, 0))
            let fresh = try fixture.service()
            defer { fresh.stop() }
            let snapshot = try fresh.snapshot(of: volume, at: .candidate, for: .owner)
            let entry = try #require(try fresh.entry("new", of: snapshot))
            #expect(try await fresh.content(of: entry, in: snapshot) == [1, 2])
            #expect(try fresh.entry("new", of: current(fresh, volume)) == nil)
            #expect(
                failure { _ = try fresh.snapshot(of: volume, at: .candidate, for: .anyone) }?
                    .code == .notFound)
        }
    }

    @Test("A pinned revision stays what it was; what its origin no longer holds is stale")
    func pinned() async throws {
        try await withService { fixture, volume, service in
            try DiskFile.replace(fixture.archive("a.fits"), Array("second".utf8))
            try DiskFile.remove(fixture.archive("d/s/x"))
            try fixture.publish(volume)
            #expect(try eventually(within: 2) { try current(service, volume).number.value == 2 })
            let one = try service.snapshot(
                of: volume, at: .pinned(#require(RevisionNumber(1))), for: .anyone)
            let old = try #require(try service.entry("a.fits", of: one))
            #expect(old.size == 13)
            #expect(try service.entry("d/s/x", of: one) != nil)
            #expect(await asyncFailure { _ = try await service.open(old, of: one) }?.code == .stale)
            let empty = try #require(try service.entry("empty", of: one))
            #expect(try await service.content(of: empty, in: one) == [])
            let two = try current(service, volume)
            #expect(try service.entry("d/s/x", of: two) == nil)
            let new = try #require(try service.entry("a.fits", of: two))
            #expect(try await service.content(of: new, in: two) == Array("second".utf8))
            // One version, one node; a folder has one for each way to it.
            #expect(one.node(of: empty) == two.node(of: empty))
            #expect(one.node(of: old) != two.node(of: new))
            let folder = try #require(try service.entry("d", of: one))
            #expect(one.node(of: folder) != two.node(of: folder))
            for number in [3, 32_766] {
                #expect(
                    failure {
                        _ = try service.snapshot(
                            of: volume, at: .pinned(#require(RevisionNumber(number))), for: .owner)
                    }?.code == .notFound)
            }
        }
    }

    @Test("A republish is noticed within half a second, and told to observers")
    func republish() async throws {
        try await withService { fixture, volume, service in
            let told = Mutex(0)
            let observation = service.observe { change in
                if change == .volumes { told.withLock { $0 += 1 } }
            }
            try DiskFile.replace(fixture.archive("a.fits"), Array("second".utf8))
            try fixture.publish(volume)
            let start = monotonicNanoseconds()
            #expect(try eventually(within: 5) { try current(service, volume).number.value == 2 })
            let seconds = Double(monotonicNanoseconds() - start) * 1e-9
            #expect(seconds < 0.5)
            #expect(eventually(within: 1) { told.withLock { $0 } == 1 })
            observation.cancel()
            try fixture.publisher.rollBack(volume, to: #require(RevisionNumber(1)))
            #expect(try eventually(within: 2) { try current(service, volume).number.value == 1 })
            #expect(told.withLock { $0 } == 1)
        }
    }

    @Test("An open file keeps its version through a republish")
    func openHandle() async throws {
        try await withService { fixture, volume, service in
            let before = try current(service, volume)
            let entry = try #require(try service.entry("a.fits", of: before))
            let handle = try await service.open(entry, of: before)
            #expect(service.openFiles == 1)
            try DiskFile.replace(fixture.archive("a.fits"), Array("second".utf8))
            try fixture.publish(volume)
            #expect(try eventually(within: 2) { try current(service, volume).number.value == 2 })
            #expect(try await handle.content(piece: 4) == Array("first content".utf8))
            handle.close()
            handle.close()
            #expect(service.openFiles == 0)
        }
    }

    @Test("A file that was replaced but not published again is stale at open")
    func replacedThenOpened() async throws {
        try await withService { fixture, volume, service in
            let snapshot = try current(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            try DiskFile.replace(fixture.archive("a.fits"), Array("other content".utf8))
            let error = await asyncFailure { _ = try await service.open(entry, of: snapshot) }
            #expect(error?.code == .stale)
            #expect(error?.remedy != nil)
            try DiskFile.remove(fixture.archive("a.fits"))
            #expect(
                await asyncFailure { _ = try await service.open(entry, of: snapshot) }?.code
                    == .stale)
        }
    }

    @Test("A rewrite or a cut of an open file is stale at the next read, and reported once")
    func rewritten() async throws {
        for change: (String) throws -> Void in [
            { try DiskFile.overwrite($0, at: 0, [1, 2]) }, { try DiskFile.setSize($0, 2) },
        ] {
            try await withService { fixture, volume, service in
                let stale = Mutex<[EntryID]>([])
                let observation = service.observe { change in
                    if case .stale(_, let file) = change { stale.withLock { $0.append(file) } }
                }
                defer { observation.cancel() }
                let snapshot = try current(service, volume)
                let entry = try #require(try service.entry("a.fits", of: snapshot))
                let handle = try await service.open(entry, of: snapshot)
                try change(fixture.archive("a.fits"))
                // Nobody reads: the look once a second finds it.
                #expect(eventually(within: 5) { stale.withLock { $0 } == [entry.id] })
                let range = try #require(ByteRange(offset: 0, count: 4))
                #expect(await asyncFailure { _ = try await handle.read(range) }?.code == .stale)
                handle.close()
                #expect(stale.withLock { $0 } == [entry.id])
            }
        }
    }

    @Test("A file that is rewritten and closed at once is still reported")
    func reportedAtClose() async throws {
        try await withService { fixture, volume, service in
            let stale = Mutex(0)
            let observation = service.observe { change in
                if case .stale = change { stale.withLock { $0 += 1 } }
            }
            defer { observation.cancel() }
            let snapshot = try current(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            let handle = try await service.open(entry, of: snapshot)
            try DiskFile.overwrite(fixture.archive("a.fits"), at: 0, [9])
            handle.close()
            #expect(stale.withLock { $0 } == 1)
        }
    }

    @Test("A root of a network is asked through its own threads")
    func network() async throws {
        try await withService(locality: .network) { fixture, volume, service in
            let snapshot = try current(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            #expect(try service.openNow(entry, of: snapshot) == nil)
            let content = try await service.content(of: entry, in: snapshot, piece: 5)
            #expect(content == Array("first content".utf8))
        }
    }

    @Test("A folder is not opened, nor what is no entry any more")
    func notFiles() async throws {
        try await withService { _, volume, service in
            let snapshot = try current(service, volume)
            let folder = try #require(try service.entry("d", of: snapshot))
            #expect(
                await asyncFailure { _ = try await service.open(folder, of: snapshot) }?.code
                    == .isADirectory)
            #expect(
                failure { _ = try service.openNow(folder, of: snapshot) }?.code == .isADirectory)
        }
    }

    @Test("Details tell path, ETag and the revision that a version came in")
    func details() async throws {
        try await withService { fixture, volume, service in
            try DiskFile.write(fixture.archive("d/n"), [1])
            try fixture.publish(volume)
            #expect(try eventually(within: 2) { try current(service, volume).number.value == 2 })
            let snapshot = try current(service, volume)
            for (path, added) in [("a.fits", 1), ("d/s/x", 1), ("d/n", 2)] {
                let entry = try #require(try service.entry(path, of: snapshot))
                let details = try service.details(of: entry, in: snapshot)
                #expect(details.path.description == path)
                #expect(details.added.value == added)
                #expect(details.etag == ETag(version: entry.version, size: entry.size))
                #expect(details.digests.isEmpty)
            }
            let root = try #require(try service.entry("", of: snapshot))
            #expect(try service.details(of: root, in: snapshot).path.isRoot)
            #expect(try service.details(of: root, in: snapshot).etag == nil)
        }
    }

    @Test("A handle that is dropped without a close gives its descriptor back")
    func dropped() async throws {
        try await withService { _, volume, service in
            let snapshot = try current(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            _ = try await service.open(entry, of: snapshot)
            #expect(eventually(within: 5) { service.openFiles == 0 })
        }
    }
}
