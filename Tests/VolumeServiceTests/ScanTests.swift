import ControlStore
import Glibc
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

@Suite("Scan", .timeLimit(.minutes(5)))
struct ScanTests {
    @Test("A scan without change makes no candidate, and publishing then is a conflict")
    func unchanged() throws {
        try withSmallVolume { fixture, volume in
            let first = try fixture.publisher.scan(volume)
            #expect((first.hasCandidate, first.files, first.added) == (true, 3, 3))
            let revision = try fixture.publisher.publish(volume)
            #expect((revision.number.value, revision.files, revision.bytes) == (1, 3, 9))
            let second = try fixture.publisher.scan(volume)
            #expect((second.hasCandidate, second.files, second.bytes) == (false, 3, 9))
            #expect(failure { _ = try fixture.publisher.publish(volume) }?.code == .conflict)
            #expect(
                failure { try fixture.publisher.discardCandidate(of: volume) }?.code == .conflict)
        }
    }

    @Test("An empty source is refused where files are published from it, unless it is meant so")
    func emptySource() throws {
        try withSmallVolume { fixture, volume in
            try fixture.publish(volume)
            for name in ["a/x", "b/y", "top", "a", "b"] { remove(fixture.archive(name)) }
            #expect(failure { _ = try fixture.publisher.scan(volume) }?.code == .originUnavailable)
            #expect(failure { _ = try fixture.publisher.publish(volume) }?.code == .conflict)
            let report = try fixture.publisher.scan(
                volume, options: scanOptions { $0.allowsEmpty = true })
            #expect((report.hasCandidate, report.removed, report.files) == (true, 3, 0))
        }
    }

    @Test("After a rollback the candidate is the change over the highest revision")
    func rollback() throws {
        try withSmallVolume { fixture, volume in
            try fixture.publish(volume)
            try DiskFile.write(fixture.archive("two"), [2])
            try fixture.publish(volume)
            try fixture.publisher.rollBack(volume, to: #require(RevisionNumber(1)))
            #expect(try paths(fixture, volume, candidate: false).contains("two") == false)
            #expect(try !fixture.publisher.scan(volume).hasCandidate)
            try DiskFile.write(fixture.archive("three"), [3])
            let report = try fixture.publisher.scan(volume)
            #expect((report.number.value, report.added) == (3, 1))
            #expect(try fixture.publisher.publish(volume).number.value == 3)
            #expect(try paths(fixture, volume, candidate: false).isSuperset(of: ["two", "three"]))
            #expect(
                failure {
                    try fixture.publisher.rollBack(volume, to: #require(RevisionNumber(4)))
                }?.code == .notFound)
        }
    }

    @Test("Parts are scanned by prefix, one after the other into one candidate")
    func prefixes() throws {
        try withSmallVolume { fixture, volume in
            try fixture.publish(volume)
            for name in ["a/n", "b/n", "n"] { try DiskFile.write(fixture.archive(name), [1]) }
            let path = try EntryPath("a")
            #expect(
                try fixture.publisher.scan(volume, options: scanOptions { $0.prefix = path }).added
                    == 1
            )
            #expect(
                try paths(fixture, volume) == ["a/", "a/n", "a/x", "b/", "b/y", "top"])
            let other = try EntryPath("b/n")
            #expect(
                try fixture.publisher.scan(volume, options: scanOptions { $0.prefix = other }).added
                    == 1)
            #expect(
                try paths(fixture, volume) == ["a/", "a/n", "a/x", "b/", "b/n", "b/y", "top"])
            #expect(try fixture.publisher.publish(volume).files == 5)
            let again = try fixture.publisher.scan(
                volume, options: scanOptions { $0.prefix = path })
            #expect(!again.hasCandidate)
        }
    }

    @Test(
        "A part that is not there, or below what is new or a file, is an error and changes nothing",
        arguments: ["no", "no/such/path", "new/no", "new/sub/no", "top/x", "a/x/y"])
    func missingPrefix(_ text: String) throws {
        try withSmallVolume { fixture, volume in
            for isFirst in [true, false] {
                if !isFirst { try fixture.publish(volume) }
                if isFirst {
                    try DiskFile.makeFolders(fixture.archive("new/sub"))
                    try DiskFile.write(fixture.archive("new/f"), [1])
                }
                let path = try EntryPath(text)
                #expect(
                    failure {
                        _ = try fixture.publisher.scan(
                            volume, options: scanOptions { $0.prefix = path })
                    }?.code == .notFound)
                #expect(try fixture.publisher.candidate(of: volume) == nil)
                // An archive's own list may name what came and went since.
                _ = try fixture.publisher.scan(volume, options: scanOptions { $0.changes = [path] })
                _ = try fixture.publisher.scan(volume)
            }
            _ = try? fixture.publisher.publish(volume)
            let report = try fixture.publisher.verify(volume, at: .current)
            #expect(report.isCatalogueSound)
            #expect(report.files == 4)
        }
    }

    @Test("A list of changes takes what came, went and changed, overlapping or not")
    func changes() throws {
        try withSmallVolume { fixture, volume in
            try fixture.publish(volume)
            try DiskFile.makeFolders(fixture.archive("n/m"))
            try DiskFile.write(fixture.archive("n/m/f"), [1])
            try DiskFile.write(fixture.archive("n/other"), [1])
            try DiskFile.remove(fixture.archive("b/y"))
            try DiskFile.remove(fixture.archive("b"))
            try DiskFile.replace(fixture.archive("a/x"), [1, 2])
            try DiskFile.remove(fixture.archive("top"))
            try DiskFile.makeFolder(fixture.archive("top"))
            let changes = try ["n/m", "n/m/f", "n", "n", "b", "b/y", "a/x", "top", "gone"]
                .map { try EntryPath($0) }
            let report = try fixture.publisher.scan(
                volume, options: scanOptions { $0.changes = changes })
            #expect((report.added, report.removed, report.changed) == (2, 2, 1))
            #expect(
                try paths(fixture, volume) == [
                    "a/", "a/x", "n/", "n/m/", "n/m/f", "n/other", "top/",
                ])
            let before = try fixture.publisher.candidate(of: volume)?.stateDigest
            #expect(try fixture.publisher.scan(volume).added == 0)
            #expect(try fixture.publisher.candidate(of: volume)?.stateDigest == before)
        }
    }

    @Test("What is excluded is not in the volume, and not in the report")
    func excludes() throws {
        try withSmallVolume { fixture, volume in
            try DiskFile.write(fixture.archive("a/x.tmp"), [1])
            try DiskFile.makePipe(fixture.archive("a/pipe.tmp"))
            let patterns = try ["**/*.tmp", "b", "**/y"].map { try PathPattern($0) }
            let report = try fixture.publisher.scan(
                volume, options: scanOptions { $0.excludes = patterns })
            #expect(report.problems.isEmpty)
            #expect(try paths(fixture, volume) == ["a/", "a/x", "top"])
        }
    }

    @Test("Problems are reported, and an error where the scan is strict, which changes nothing")
    func strict() throws {
        try withSmallVolume { fixture, volume in
            try DiskFile.makePipe(fixture.archive("a/pipe"))
            try DiskFile.link(fixture.archive("a/dangling"), to: "nothing")
            let error = failure {
                _ = try fixture.publisher.scan(volume, options: scanOptions { $0.isStrict = true })
            }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("special-file") == true)
            #expect(try fixture.publisher.candidate(of: volume) == nil)
            let report = try fixture.publisher.scan(volume)
            #expect(report.problems == [.specialFile: 1, .linkDangles: 1])
            // The same once more: nothing is reported twice.
            #expect(try fixture.publisher.scan(volume).problems == report.problems)
            let part = try EntryPath("a/dangling")
            for _ in 0..<2 {
                #expect(
                    try fixture.publisher.scan(volume, options: scanOptions { $0.prefix = part })
                        .problems == report.problems)
            }
            var seen: [String] = []
            try fixture.publisher.problems(of: volume) { problem in
                seen.append(String(decoding: problem.path, as: UTF8.self))
            }
            #expect(seen == ["a/dangling", "a/pipe"])
        }
    }
}
