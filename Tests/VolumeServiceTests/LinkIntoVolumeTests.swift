import ControlStore
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Links into other volumes", .timeLimit(.minutes(5)))
struct LinkIntoVolumeTests {
    private func problems(_ fixture: ServiceFixture, _ volume: VolumeName) throws -> [String] {
        var found: [String] = []
        try fixture.publisher.problems(of: volume) { problem in
            found.append("\(problem.kind.label) \(String(decoding: problem.path, as: UTF8.self))")
        }
        return found
    }

    /// `open`, `closed` and `common`, each with a file in a folder, and links from the first.
    private func withArchive(_ body: (ServiceFixture) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            for name in ["open", "closed", "common"] {
                try DiskFile.makeFolders(fixture.archive("\(name)/d"))
                try DiskFile.write(fixture.archive("\(name)/d/\(name)"), Array(name.utf8))
            }
            try DiskFile.link(fixture.archive("open/folder"), to: "../closed/d")
            try DiskFile.link(fixture.archive("open/file"), to: "../closed/d/closed")
            try DiskFile.link(fixture.archive("open/whole"), to: "../closed")
            try DiskFile.link(fixture.archive("open/common"), to: "../common")
            try DiskFile.link(fixture.archive("open/own"), to: "d")
            try body(fixture)
        }
    }

    @Test("A link into the folder of another volume is reported and not served")
    func refused() throws {
        try withArchive { fixture in
            let open = try fixture.add("open", subpath: "open")
            _ = try fixture.publisher.scan(open)
            #expect(try problems(fixture, open) == [])
            #expect(try paths(fixture, open).contains("folder/closed"))
            try fixture.store.addVolume(
                VolumeDraft(
                    name: try VolumeName("closed"), metadata: VolumeMetadata(title: "Test"),
                    sources: [
                        SourceDraft(root: try RootName("open"), subpath: try EntryPath("closed"))
                    ]))
            _ = try fixture.publisher.scan(open)
            #expect(
                try problems(fixture, open) == [
                    "link-into-volume file", "link-into-volume folder", "link-into-volume whole",
                ])
            #expect(
                try paths(fixture, open) == [
                    "common/", "common/d/", "common/d/common", "d/", "d/open", "own/", "own/open",
                ])
            // By name it is the same.
            for name in ["folder", "folder/closed"] {
                let path = try EntryPath(name)
                _ = try fixture.publisher.scan(
                    open, options: scanOptions { $0.changes = [path] })
                #expect(try problems(fixture, open).count == 3)
                #expect(try !paths(fixture, open).contains("folder/"))
            }
        }
    }

    @Test("Roots that are called differently and lie in one another are told by their real paths")
    func otherRoot() throws {
        try withArchive { fixture in
            let open = try fixture.add("open", subpath: "open")
            try DiskFile.link("\(fixture.folder)/alias", to: fixture.archive("closed"))
            try fixture.add("closed", origin: "\(fixture.folder)/alias", subpath: "d")
            _ = try fixture.publisher.scan(open)
            // What leads above the other volume's folder stops before it.
            #expect(
                try problems(fixture, open) == [
                    "link-into-volume file", "link-into-volume folder", "link-into-volume whole/d",
                ])
            #expect(try paths(fixture, open).isSuperset(of: ["whole/", "common/d/common"]))
            #expect(try !paths(fixture, open).contains("whole/d/"))
        }
    }

    @Test("The volume's own folder is its own, though another volume's lies in it or around it")
    func own() throws {
        try withArchive { fixture in
            let open = try fixture.add("open", subpath: "open")
            try fixture.add("all", subpath: "")
            try fixture.add("inner", subpath: "open/d")
            _ = try fixture.publisher.scan(open)
            #expect(
                try paths(fixture, open) == ["d/", "d/open", "own/", "own/open"])
            #expect(try problems(fixture, open).count == 4)
            let all = try VolumeName("all")
            _ = try fixture.publisher.scan(all)
            #expect(try problems(fixture, all) == [])
            #expect(try paths(fixture, all).contains("open/whole/d/closed"))
        }
    }
}
