import ControlStore
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Links in linked folders", .timeLimit(.minutes(5)))
struct NestedLinkTests {
    /// An archive of `count` folders, each with a file and links to all the others.
    private func withMesh(
        _ count: Int, _ body: (ServiceFixture, VolumeName) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            for index in 0..<count {
                try DiskFile.makeFolders(fixture.archive("f\(index)"))
                try DiskFile.write(fixture.archive("f\(index)/own"), [UInt8(index)])
                for other in 0..<count where other != index {
                    try DiskFile.link(
                        fixture.archive("f\(index)/to\(other)"), to: "../f\(other)")
                }
            }
            try body(fixture, try fixture.add())
        }
    }

    /// Files on paths of at most `deepest` links in such an archive.
    private func files(_ count: Int, deepest: Int) -> Int {
        var ways = count
        var total = count
        for level in 0..<deepest {
            ways *= count - 1 - level
            total += ways
        }
        return total
    }

    @Test("A level of nested links is followed wholly where all of it is within the bound")
    func within() throws {
        try withMesh(4) { fixture, volume in
            let report = try fixture.publisher.scan(volume)
            // Every way without a ring: 4 + 12 + 24 + 24; links back are problems.
            #expect(report.files == Int64(files(4, deepest: 3)))
            #expect(report.problems.keys.sorted { $0.rawValue < $1.rawValue } == [.linkToAncestor])
        }
    }

    @Test(
        "Folders that all link to one another end at the bound, and the report says so",
        // Links on level 2: 120; on level 3: 360.
        arguments: [(0, 1), (119, 1), (120, 2), (479, 2), (480, 3)])
    func bound(_ limit: Int, _ deepest: Int) throws {
        try withMesh(6) { fixture, volume in
            let options = scanOptions { $0.mostNestedLinks = limit }
            let report = try fixture.publisher.scan(volume, options: options)
            #expect(report.files == Int64(files(6, deepest: deepest)))
            let parents = [1: 30, 2: 120, 3: 360][deepest]
            #expect(report.problems[.linksMultiply] == parents)
            let first = try fixture.publisher.publish(volume)
            let again = try fixture.publisher.scan(volume, options: options)
            #expect(!again.hasCandidate, "what is followed depends on the order of listing")
            #expect(again.problems == report.problems)
            #expect(try fixture.publisher.verify(volume, at: .current).isCatalogueSound)

            // More is followed once more may be, and less once less may be.
            let more = try fixture.publisher.scan(
                volume, options: scanOptions { $0.mostNestedLinks = 100_000 })
            #expect(more.files == Int64(files(6, deepest: 5)))
            #expect(more.problems[.linksMultiply] == nil)
            let less = try fixture.publisher.scan(volume, options: options)
            #expect(!less.hasCandidate)
            #expect(first.files == less.files)
        }
    }
}
