import ControlStore
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Hard links", .timeLimit(.minutes(5)))
struct HardLinkTests {
    @Test("Hard links are separate files of the volume, each with a version of its own")
    func separate() async throws {
        try await withService { fixture, volume, service in
            try #require(
                link(fixture.archive("a.fits"), fixture.archive("d/b.fits")) == 0)
            let before = try published(fixture, volume, service)
            let (a, b) = try names(service, before)
            #expect(a.id != b.id)
            #expect(before.files == 4 && before.bytes == 4 + 2 * a.size)
            for entry in [a, b] {
                let content = try await service.content(of: entry, in: before)
                #expect(content == Array("first content".utf8))
            }

            // One name gets another file: the other stays the version that it was.
            try DiskFile.replace(fixture.archive("a.fits"), Array("second".utf8))
            let after = try published(fixture, volume, service)
            let (newA, newB) = try names(service, after)
            #expect(newA.id != a.id && newB.id == b.id && newB.version == b.version)
            let contents = [
                try await service.content(of: newA, in: after),
                try await service.content(of: newB, in: after),
            ]
            #expect(contents == [Array("second".utf8), Array("first content".utf8)])
        }
    }

    /// Publishes, and waits until the service has seen it.
    private func published(
        _ fixture: ServiceFixture, _ volume: VolumeName, _ service: LocalVolumeService
    ) throws -> VolumeSnapshot {
        let number = try fixture.publish(volume).number
        try #require(
            eventually(within: 5) {
                (try? currentSnapshot(service, volume))?.number == number
            })
        return try currentSnapshot(service, volume)
    }

    private func names(_ service: LocalVolumeService, _ snapshot: VolumeSnapshot) throws
        -> (Entry, Entry)
    {
        (
            try #require(try service.entry("a.fits", of: snapshot)),
            try #require(try service.entry("d/b.fits", of: snapshot))
        )
    }
}
