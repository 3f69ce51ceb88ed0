import AccessControl
import Catalogue
import ControlStore
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// A volume over the folder `vol` of an archive that holds more.
struct ClassFixture {
    let fixture: ServiceFixture
    let volume: VolumeName

    var publisher: Publisher { fixture.publisher }

    /// The place of a path of the volume on the disk.
    func disk(_ path: String) -> String { fixture.archive("vol/\(path)") }

    func write(_ path: String, _ text: String = "x") throws {
        let file = disk(path)
        try DiskFile.makeFolders(String(file[..<file.lastIndex(of: "/")!]))
        try DiskFile.write(file, Array(text.utf8))
    }

    func perform(_ operations: ControlOperation...) throws {
        try fixture.store.perform(operations, at: nil)
    }

    func setExpressions(_ texts: String...) throws {
        try perform(
            .setSettings(
                volume, VolumeSettings(expressions: try texts.map { try PathExpression($0) })))
    }

    /// Scans with an attribute table of these lines, `glob key value` each.
    @discardableResult
    func scan(_ lines: [String], _ change: (inout ScanOptions) -> Void = { _ in }) throws
        -> ScanReport
    {
        let rows = try table(lines)
        return try publisher.scan(
            volume,
            options: scanOptions {
                $0.attributes = rows
                change(&$0)
            })
    }

    /// Scans with the table that there is.
    @discardableResult
    func scan() throws -> ScanReport { try publisher.scan(volume) }

    func table(_ lines: [String]) throws -> [AttributeRow] {
        let text = (["glob key value"] + lines).joined(separator: "\n")
        return try AttributeTable.parse(
            Array(text.replacing(" ", with: "\t").utf8), named: "table.tsv")
    }

    func policy() throws -> VolumePolicy {
        try #require(try fixture.store.snapshot().policy.volumes[volume])
    }

    /// The classes of all entries of a revision, by path.
    func classes(_ revision: Int) throws -> [String: AccessClass] {
        let known = try policy().classes
        let reader = try CatalogueReader(path: fixture.state.catalogue(for: volume))
        var found: [String: AccessClass] = [:]
        func walk(_ folder: EntryID, _ prefix: String) throws {
            for entry in try reader.list(folder, after: [], limit: 100_000, revision: revision) {
                let path = prefix + String(decoding: entry.name, as: UTF8.self)
                found[path] =
                    entry.accessClass == .none ? AccessClass() : known[entry.accessClass]
                #expect(found[path] != nil, "\(path) is in a class that control does not know")
                if entry.kind == .folder { try walk(entry.id, path + "/") }
            }
        }
        try walk(.root, "")
        return found
    }

    /// The attributes of an entry of a revision.
    func attributes(_ path: String, _ revision: Int) throws -> [String: String]? {
        try classes(revision)[path].map { one in
            Dictionary(uniqueKeysWithValues: one.attributes.map { ($0.key.string, $0.value) })
        }
    }
}

func withClasses(_ body: (ClassFixture) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let fixture = try ServiceFixture(in: folder)
        try DiskFile.makeFolders(fixture.archive("vol"))
        try body(ClassFixture(fixture: fixture, volume: try fixture.add(subpath: "vol")))
    }
}
