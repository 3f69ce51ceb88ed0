import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// A published volume `hst` with a few files, and a service on it.
func withService(
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

func currentSnapshot(_ service: LocalVolumeService, _ volume: VolumeName) throws
    -> VolumeSnapshot
{
    try service.snapshot(of: volume, at: .current, for: .owner)
}
