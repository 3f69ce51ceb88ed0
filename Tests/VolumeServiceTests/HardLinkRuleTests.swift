import AccessControl
import ControlStore
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Hard links under rules", .timeLimit(.minutes(5)))
struct HardLinkRuleTests {
    private func problems(_ volume: ClassFixture) throws -> [String] {
        var found: [String] = []
        try volume.publisher.problems(of: volume.volume) { problem in
            if problem.kind == .hardLinkDiffers {
                found.append(
                    "\(String(decoding: problem.path, as: UTF8.self)): \(problem.detail)")
            }
        }
        return found
    }

    private func deny(_ volume: ClassFixture, _ pattern: String) throws {
        try volume.perform(
            .setRule(
                volume.volume,
                AccessRule(
                    name: "closed", effect: .denial(.none), subject: .anyone,
                    pattern: try PathPattern(pattern)), label: nil))
    }

    /// `open/x`, `open/y` and `closed/x` are one file, and `open/z` and `closed/z` two.
    private func withLinks(_ body: (ClassFixture) throws -> Void) throws {
        try withClasses { volume in
            for path in ["open/x", "open/z", "closed/z"] { try volume.write(path) }
            try #require(link(volume.disk("open/x"), volume.disk("open/y")) == 0)
            try #require(link(volume.disk("open/x"), volume.disk("closed/x")) == 0)
            try body(volume)
        }
    }

    @Test("A file with two names under differing rules is reported, and published only by word")
    func rules() throws {
        try withLinks { volume in
            try volume.scan()
            #expect(try problems(volume) == [])
            try deny(volume, "closed/**")
            // Today's rules count, whatever they were at the scan.
            let early = failure { _ = try volume.publisher.publish(volume.volume) }
            #expect(early?.code == .conflict)
            #expect(early?.message.contains("closed/x") == true)
            let report = try volume.scan()
            #expect(report.problems[.hardLinkDiffers] == 2)
            #expect(
                try problems(volume) == [
                    "open/x: the same file as 'closed/x'", "open/y: the same file as 'closed/x'",
                ])
            #expect(failure { _ = try volume.publisher.publish(volume.volume) }?.code == .conflict)
            #expect(
                failure {
                    _ = try volume.publisher.scan(
                        volume.volume, options: scanOptions { $0.isStrict = true })
                }?.code == .conflict)
            _ = try volume.publisher.publish(volume.volume, isAccepted: true)
        }
    }

    @Test("The same holds for attributes, and ends where the names get the same ones")
    func attributes() throws {
        try withLinks { volume in
            try volume.scan(["closed/** team a"])
            #expect(try problems(volume).count == 2)
            try volume.scan(["closed/** team a", "open/{x,y} team a"])
            #expect(try problems(volume) == [])
            _ = try volume.publisher.publish(volume.volume)
        }
    }

    @Test("A scan of a part knows the names that others have seen")
    func parts() throws {
        try withLinks { volume in
            try deny(volume, "closed/**")
            try volume.scan()
            _ = try volume.publisher.publish(volume.volume, isAccepted: true)
            func scan(_ path: String) throws {
                let path = try EntryPath(path)
                _ = try volume.publisher.scan(
                    volume.volume, options: scanOptions { $0.prefix = path })
            }
            try #require(link(volume.disk("open/x"), volume.disk("open/new")) == 0)
            try scan("open/new")
            #expect(try problems(volume).count == 3)
            // The name that is closed goes: the others are under the same rules.
            try DiskFile.remove(volume.disk("closed/x"))
            try scan("closed")
            #expect(try problems(volume) == [])
            // And a file that takes its place is another.
            try volume.write("closed/x", "other")
            try scan("closed/x")
            #expect(try problems(volume) == [])
            _ = try volume.publisher.publish(volume.volume)
        }
    }

    @Test("What a symbolic link leads to is no name of its own, unless it leads out of the volume")
    func symbolic() throws {
        try withClasses { volume in
            try volume.write("data/x")
            try #require(link(volume.disk("data/x"), volume.disk("data/y")) == 0)
            try DiskFile.link(volume.disk("latest"), to: "data")
            try DiskFile.link(volume.disk("file"), to: "data/x")
            try deny(volume, "data/**")
            try volume.scan()
            #expect(try problems(volume) == [])
            let outside = volume.fixture.archive("outside")
            try DiskFile.makeFolders(outside)
            try #require(link(volume.disk("data/x"), "\(outside)/x") == 0)
            try DiskFile.link(volume.disk("far"), to: "../outside")
            try volume.scan()
            #expect(try problems(volume) == ["far/x: the same file as 'data/x'"])
        }
    }
}
