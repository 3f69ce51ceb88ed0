import ControlStore
import Foundation
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

/// Files that change while they are open, or after they were published.
@Suite("Open files", .timeLimit(.minutes(5)))
struct OpenFileTests {
    @Test("An open file keeps its version through a republish")
    func openHandle() async throws {
        try await withService { fixture, volume, service in
            let before = try currentSnapshot(service, volume)
            let entry = try #require(try service.entry("a.fits", of: before))
            let handle = try await service.open(entry, of: before)
            #expect(service.openFiles == 1)
            try DiskFile.replace(fixture.archive("a.fits"), Array("second".utf8))
            try fixture.publish(volume)
            #expect(
                try eventually(within: 2) { try currentSnapshot(service, volume).number.value == 2 }
            )
            #expect(try await handle.content(piece: 4) == Array("first content".utf8))
            handle.close()
            handle.close()
            #expect(service.openFiles == 0)
        }
    }

    @Test("A file that was replaced but not published again is stale at open")
    func replacedThenOpened() async throws {
        try await withService { fixture, volume, service in
            let snapshot = try currentSnapshot(service, volume)
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
            try await withOpenFile { fixture, handle, stale in
                let entry = handle.entry
                try change(fixture.archive("a.fits"))
                // Nobody reads: the look once a second finds it.
                #expect(eventually(within: 5) { stale.reported == [entry.id] })
                let range = try #require(ByteRange(offset: 0, count: 4))
                #expect(await asyncFailure { _ = try await handle.read(range) }?.code == .stale)
                handle.close()
                #expect(stale.reported == [entry.id])
            }
        }
    }

    @Test("On a network root a rewrite that a read has found is reported once")
    func rewrittenOnNetwork() async throws {
        for waits in [true, false] {
            try await withOpenFile(locality: .network) { fixture, handle, stale in
                let entry = handle.entry
                try DiskFile.overwrite(fixture.archive("a.fits"), at: 0, [1, 2])
                let range = try #require(ByteRange(offset: 0, count: 4))
                #expect(await asyncFailure { _ = try await handle.read(range) }?.code == .stale)
                if waits { #expect(eventually(within: 5) { stale.reported == [entry.id] }) }
                handle.close()
                #expect(stale.reported == [entry.id])
            }
        }
    }

    @Test("A file that is rewritten and closed at once is still reported")
    func reportedAtClose() async throws {
        try await withOpenFile { fixture, handle, stale in
            try DiskFile.overwrite(fixture.archive("a.fits"), at: 0, [9])
            let entry = handle.entry
            handle.close()
            #expect(stale.reported == [entry.id])
        }
    }

    @Test("A handle that is dropped without a close gives its descriptor back")
    func dropped() async throws {
        try await withService { _, volume, service in
            let snapshot = try currentSnapshot(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            _ = try await service.open(entry, of: snapshot)
            #expect(eventually(within: 5) { service.openFiles == 0 })
        }
    }

    /// Files that the service said had changed while they were open.
    private final class StaleReports: Sendable {
        private let files = Mutex<[EntryID]>([])

        var reported: [EntryID] { files.withLock { $0 } }

        func add(_ file: EntryID) { files.withLock { $0.append(file) } }
    }

    /// Gives `body` the file `a.fits`, open, and what is reported of it.
    private func withOpenFile(
        locality: Locality = .local,
        _ body: (ServiceFixture, ReadHandle, StaleReports) async throws -> Void
    ) async throws {
        try await withService(locality: locality) { fixture, volume, service in
            let stale = StaleReports()
            let observation = service.observe { change in
                if case .stale(_, let file) = change { stale.add(file) }
            }
            defer { observation.cancel() }
            let snapshot = try currentSnapshot(service, volume)
            let entry = try #require(try service.entry("a.fits", of: snapshot))
            try await body(fixture, try await service.open(entry, of: snapshot), stale)
        }
    }
}
