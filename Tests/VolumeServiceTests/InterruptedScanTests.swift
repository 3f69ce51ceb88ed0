import ControlStore
import Glibc
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

/// Scans that do not come to their end, or have nothing to stand on.
@Suite("Scans that fail", .timeLimit(.minutes(5)))
struct InterruptedScanTests {
    @Test("A scan that is cancelled at any time changes nothing, and the next one completes")
    func cancelled() throws {
        try withSmallVolume { fixture, volume in
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
                        volume, options: scanOptions { $0.computesDigests = true }
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
        try withSmallVolume { fixture, volume in
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
        try withSmallVolume { fixture, volume in
            try fixture.publish(volume)
            try DiskFile.move(fixture.archive, to: "\(fixture.archive).away")
            for prefix in [nil, "a", "top"] {
                let path = try prefix.map { try EntryPath($0) }
                let error = failure {
                    _ = try fixture.publisher.scan(
                        volume, options: scanOptions { $0.prefix = path })
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
        try withSmallVolume { fixture, volume in
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
