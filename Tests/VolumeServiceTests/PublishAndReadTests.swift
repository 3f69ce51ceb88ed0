import AccessControl
import ControlStore
import Foundation
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

@Suite("Publish and read", .timeLimit(.minutes(5)))
struct PublishAndReadTests {
    @Test(
        "Every byte comes as it lies in the archive, in pieces of any size",
        arguments: [1, 7, 4_096, 65_536, 10_000_000])
    func bytes(_ piece: Int) async throws {
        try await withService { fixture, volume, service in
            var random = SeededRandom(seed: 5)
            let content = random.bytes(piece == 1 ? 300 : 200_000)
            try DiskFile.write(fixture.archive("big"), content)
            try fixture.publish(volume)
            #expect(
                try eventually(within: 2) { try currentSnapshot(service, volume).number.value == 2 }
            )
            let snapshot = try currentSnapshot(service, volume)
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
            let snapshot = try currentSnapshot(service, volume)
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
            _ = try currentSnapshot(service, volume)
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
            #expect(try fresh.entry("new", of: currentSnapshot(fresh, volume)) == nil)
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
            #expect(
                try eventually(within: 2) { try currentSnapshot(service, volume).number.value == 2 }
            )
            let one = try service.snapshot(
                of: volume, at: .pinned(#require(RevisionNumber(1))), for: .anyone)
            let old = try #require(try service.entry("a.fits", of: one))
            #expect(old.size == 13)
            #expect(try service.entry("d/s/x", of: one) != nil)
            #expect(await asyncFailure { _ = try await service.open(old, of: one) }?.code == .stale)
            let empty = try #require(try service.entry("empty", of: one))
            #expect(try await service.content(of: empty, in: one) == [])
            let two = try currentSnapshot(service, volume)
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
            #expect(
                try eventually(within: 5) { try currentSnapshot(service, volume).number.value == 2 }
            )
            let seconds = Double(monotonicNanoseconds() - start) * 1e-9
            #expect(seconds < 0.5)
            #expect(eventually(within: 1) { told.withLock { $0 } == 1 })
            observation.cancel()
            try fixture.publisher.rollBack(volume, to: #require(RevisionNumber(1)))
            #expect(
                try eventually(within: 2) { try currentSnapshot(service, volume).number.value == 1 }
            )
            #expect(told.withLock { $0 } == 1)
        }
    }

    @Test("A root of a network is asked through its own threads")
    func network() async throws {
        try await withService(locality: .network) { fixture, volume, service in
            let snapshot = try currentSnapshot(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            #expect(try service.openNow(entry, of: snapshot) == nil)
            let content = try await service.content(of: entry, in: snapshot, piece: 5)
            #expect(content == Array("first content".utf8))
        }
    }

    @Test("A folder is not opened, nor what is no entry any more")
    func notFiles() async throws {
        try await withService { _, volume, service in
            let snapshot = try currentSnapshot(service, volume)
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
            #expect(
                try eventually(within: 2) { try currentSnapshot(service, volume).number.value == 2 }
            )
            let snapshot = try currentSnapshot(service, volume)
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
}
