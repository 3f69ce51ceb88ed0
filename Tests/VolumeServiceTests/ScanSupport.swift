import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// A volume that was not scanned yet, over `a/x`, `b/y` and `top`.
func withSmallVolume(
    fingerprint: Fingerprint = .sizeAndModified,
    _ body: (ServiceFixture, VolumeName) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        let fixture = try ServiceFixture(in: folder)
        for name in ["a", "b"] { try DiskFile.makeFolder(fixture.archive(name)) }
        for name in ["a/x", "b/y", "top"] {
            try DiskFile.write(fixture.archive(name), Array(name.utf8))
        }
        try body(fixture, fixture.add(fingerprint: fingerprint))
    }
}

func scanOptions(_ change: (inout ScanOptions) throws -> Void) rethrows -> ScanOptions {
    var options = ScanOptions()
    try change(&options)
    return options
}

func paths(_ fixture: ServiceFixture, _ volume: VolumeName, candidate: Bool = true)
    throws -> Set<String>
{
    let service = try fixture.service()
    defer { service.stop() }
    let snapshot = try service.snapshot(
        of: volume, at: candidate ? .candidate : .current, for: .owner)
    func walk(_ folder: EntryID, _ prefix: String) throws -> [String] {
        try service.list(folder, of: snapshot, after: nil, limit: 10_000).flatMap { entry in
            let path = prefix + String(decoding: entry.name, as: UTF8.self)
            return entry.kind == .file
                ? [path] : [path + "/"] + (try walk(entry.id, path + "/"))
        }
    }
    return Set(try walk(.root, ""))
}
