import ControlStore
import Glibc
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

@Suite("Scan", .timeLimit(.minutes(2)))
struct ScanTests {
    /// A volume that was not scanned yet, over `a/x`, `b/y` and `top`.
    private func withVolume(
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

    private func options(_ change: (inout ScanOptions) throws -> Void) rethrows -> ScanOptions {
        var options = ScanOptions()
        try change(&options)
        return options
    }

    private func paths(_ fixture: ServiceFixture, _ volume: VolumeName, candidate: Bool = true)
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

    @Test("A scan without change makes no candidate, and publishing then is a conflict")
    func unchanged() throws {
        try withVolume { fixture, volume in
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

    @Test("After a rollback the candidate is the change over the highest revision")
    func rollback() throws {
        try withVolume { fixture, volume in
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
        try withVolume { fixture, volume in
            try fixture.publish(volume)
            for name in ["a/n", "b/n", "n"] { try DiskFile.write(fixture.archive(name), [1]) }
            let path = try EntryPath("a")
            #expect(
                try fixture.publisher.scan(volume, options: options { $0.prefix = path }).added == 1
            )
            #expect(
                try paths(fixture, volume) == ["a/", "a/n", "a/x", "b/", "b/y", "top"])
            let other = try EntryPath("b/n")
            #expect(
                try fixture.publisher.scan(volume, options: options { $0.prefix = other }).added
                    == 1)
            #expect(
                try paths(fixture, volume) == ["a/", "a/n", "a/x", "b/", "b/n", "b/y", "top"])
            #expect(try fixture.publisher.publish(volume).files == 5)
            let again = try fixture.publisher.scan(volume, options: options { $0.prefix = path })
            #expect(!again.hasCandidate)
        }
    }

    @Test(
        "A part that is not there, or below what is new or a file, is no error",
        arguments: ["no", "no/such/path", "new/no", "new/sub/no", "top/x", "a/x/y", "new"])
    func missingPrefix(_ text: String) throws {
        try withVolume { fixture, volume in
            for isFirst in [true, false] {
                if !isFirst { try fixture.publish(volume) }
                if isFirst {
                    try DiskFile.makeFolders(fixture.archive("new/sub"))
                    try DiskFile.write(fixture.archive("new/f"), [1])
                }
                let path = try EntryPath(text)
                _ = try fixture.publisher.scan(volume, options: options { $0.prefix = path })
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
        try withVolume { fixture, volume in
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
                volume, options: options { $0.changes = changes })
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
        try withVolume { fixture, volume in
            try DiskFile.write(fixture.archive("a/x.tmp"), [1])
            try DiskFile.makePipe(fixture.archive("a/pipe.tmp"))
            let patterns = try ["**/*.tmp", "b", "**/y"].map { try PathPattern($0) }
            let report = try fixture.publisher.scan(
                volume, options: options { $0.excludes = patterns })
            #expect(report.problems.isEmpty)
            #expect(try paths(fixture, volume) == ["a/", "a/x", "top"])
        }
    }

    @Test("Problems are reported, and an error where the scan is strict, which changes nothing")
    func strict() throws {
        try withVolume { fixture, volume in
            try DiskFile.makePipe(fixture.archive("a/pipe"))
            try DiskFile.link(fixture.archive("a/dangling"), to: "nothing")
            let error = failure {
                _ = try fixture.publisher.scan(volume, options: options { $0.isStrict = true })
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
                    try fixture.publisher.scan(volume, options: options { $0.prefix = part })
                        .problems == report.problems)
            }
            var seen: [String] = []
            try fixture.publisher.problems(of: volume) { problem in
                seen.append(String(decoding: problem.path, as: UTF8.self))
            }
            #expect(seen == ["a/dangling", "a/pipe"])
        }
    }

    @Test("A scan that is cancelled at any time changes nothing, and the next one completes")
    func cancelled() throws {
        try withVolume { fixture, volume in
            for folder in 0..<40 {
                try DiskFile.makeFolder(fixture.archive("d\(folder)"))
                for file in 0..<20 {
                    try DiskFile.write(fixture.archive("d\(folder)/\(file)"), [1])
                }
            }
            for limit in [0, 1, 5, 20, 60, 200] {
                let asked = Mutex(0)
                let error = failure {
                    _ = try fixture.publisher.scan(
                        volume, options: options { $0.computesDigests = true }
                    ) { _ in
                    } isCancelled: {
                        asked.withLock { count in
                            count += 1
                            return count > limit
                        }
                    }
                }
                #expect(error?.code == .cancelled || error == nil)
                if error != nil { #expect(try fixture.publisher.candidate(of: volume) == nil) }
            }
            _ = try fixture.publisher.scan(volume)
            #expect(try fixture.publisher.publish(volume).files == 803)
        }
    }

    @Test("One scan at a time: the other is busy, and told so")
    func busy() throws {
        try withVolume { fixture, volume in
            let code = Mutex<PerigeeError.Code?>(nil)
            // As another process would: every holder has a descriptor of its own.
            _ = try fixture.publisher.scan(volume) { _ in
                let error = failure { _ = try fixture.publisher.scan(volume) }
                code.withLock { $0 = error?.code }
            }
            #expect(code.withLock { $0 } == .busy)
            _ = try fixture.publisher.publish(volume)
        }
    }

    @Test("A missing, wrong or overlapping origin is a clear error that changes nothing")
    func origins() throws {
        try withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            try DiskFile.write("\(folder)/file", [1])
            try DiskFile.makeFolders("\(folder)/state/inside")
            for (name, origin, code) in [
                ("missing", "\(folder)/nowhere", PerigeeError.Code.originUnavailable),
                ("file", "\(folder)/file", .notADirectory),
                ("state", "\(folder)/state", .invalidArgument),
                ("inside", "\(folder)/state/inside", .invalidArgument),
                ("above", folder, .invalidArgument),
            ] {
                let volume = try fixture.add(name, origin: origin)
                let error = failure { _ = try fixture.publisher.scan(volume) }
                #expect(error?.code == code, "\(name)")
                #expect(error?.remedy != nil)
                #expect(try fixture.publisher.candidate(of: volume) == nil)
            }
            let volume = try fixture.add("sub", subpath: "not/there")
            #expect(failure { _ = try fixture.publisher.scan(volume) }?.code == .originUnavailable)
        }
    }

    @Test("A source that went away takes nothing out of the volume, not even by a part")
    func wentAway() throws {
        try withVolume { fixture, volume in
            try fixture.publish(volume)
            try DiskFile.move(fixture.archive, to: "\(fixture.archive).away")
            for prefix in [nil, "a", "top"] {
                let path = try prefix.map { try EntryPath($0) }
                let error = failure {
                    _ = try fixture.publisher.scan(volume, options: options { $0.prefix = path })
                }
                #expect(error?.code == .originUnavailable)
            }
            #expect(try fixture.publisher.candidate(of: volume) == nil)
            try DiskFile.move("\(fixture.archive).away", to: fixture.archive)
            #expect(try !fixture.publisher.scan(volume).hasCandidate)
        }
    }

    @Test("Files of 0 bytes and of 5 TiB are taken")
    func sizes() throws {
        try withVolume { fixture, volume in
            try DiskFile.write(fixture.archive("zero"), [])
            do { try DiskFile.setSize(fixture.archive("huge"), 5 << 40) } catch {
                return skipped("5 TiB", because: "this file system has no such sparse files")
            }
            #expect(try fixture.publish(volume).bytes == 9 + 5 << 40)
        }
    }

    @Test("A full disk is told, and what was published stays whole")
    func diskFull() throws {
        try withTemporaryFolder { folder in
            try DiskFile.makeFolder("\(folder)/disk")
            guard mount("tmpfs", "\(folder)/disk", "tmpfs", 0, "size=2m") == 0 else {
                return skipped("a full disk", because: "this user cannot mount a tmpfs")
            }
            defer { umount2("\(folder)/disk", Int32(MNT_DETACH)) }
            let fixture = try ServiceFixture(in: folder, statePath: "\(folder)/disk/state")
            try DiskFile.write(fixture.archive("f"), [1])
            let volume = try fixture.add()
            try fixture.publish(volume)
            for number in 0..<20_000 {
                let name = fixture.archive("file-with-a-name-of-some-length-\(number)")
                close(open(name, O_CREAT | O_WRONLY, 0o600))
            }
            let error = failure { _ = try fixture.publisher.scan(volume) }
            #expect(error?.code == .storageFailed)
            #expect(error?.remedy != nil)
            #expect(try paths(fixture, volume, candidate: false) == ["f"])
            for name in folderNames(Array(fixture.archive.utf8)) where name != [0x66] {
                try DiskFile.remove("\(fixture.archive)/\(String(decoding: name, as: UTF8.self))")
            }
            try DiskFile.write(fixture.archive("g"), [1])
            #expect(try fixture.publish(volume).files == 2)
            #expect(try fixture.publisher.verify(volume, at: .current).isCatalogueSound)
        }
    }
}
