import Foundation
import FuseMount
import PerigeeTesting
import Synchronization
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

@Suite(
    "The tree of a mount", .serialized, .needsMounts(),
    .timeLimit(.minutes(1)))
struct MountTreeTests {
    @Test func aFolderOfTenThousandIsListedWhole() async throws {
        try await withFakeService { service in
            let files = (0..<10_000).map { "d/file-\($0).fits" }
            try service.publish(
                "hst", Dictionary(uniqueKeysWithValues: files.map { ($0, .row(7)) }))
            try await withMount(service) { mounted throws in
                let expected = (0..<10_000).map { "file-\($0).fits" }.sorted()
                for _ in 0..<3 {
                    #expect(try names(mounted.at("hst/d")).sorted() == expected)
                }
                guard let folder = opendir(mounted.at("hst/d")) else { throw Errno(value: errno) }
                defer { closedir(folder) }
                var marks: [(Int, UInt64)] = []
                for index in 0..<6_000 {
                    let entry = try #require(readdir(folder))
                    guard index % 1_000 == 999 else { continue }
                    marks.append((telldir(folder), UInt64(entry.pointee.d_ino)))
                }
                for (mark, node) in marks.reversed() {
                    seekdir(folder, mark)
                    let after = try #require(readdir(folder)).pointee.d_ino
                    #expect(after != node)
                    seekdir(folder, mark)
                    #expect(try #require(readdir(folder)).pointee.d_ino == after)
                }
                rewinddir(folder)
                var count = 0
                while readdir(folder) != nil { count += 1 }
                #expect(count == 10_002)
            }
        }
    }

    @Test func attributesAreOfAReadOnlyArchive() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x": .bytes(pattern(1_025))])
            try await withMount(service) { mounted throws in
                var file = stat()
                #expect(stat(mounted.at("hst/a/x"), &file) == 0)
                #expect(file.st_mode == 0o100444 && file.st_size == 1_025 && file.st_nlink == 1)
                #expect(file.st_blocks == 3 && file.st_blksize == 1 << 20)
                #expect(file.st_mtim.tv_sec == 1_600_000_000 && file.st_mtim.tv_nsec == 123)
                #expect(file.st_ctim.tv_sec == file.st_mtim.tv_sec)
                #expect(file.st_uid == geteuid() && file.st_gid == getegid())
                var folder = stat()
                #expect(stat(mounted.at("hst/a"), &folder) == 0)
                #expect(folder.st_mode == 0o040555 && folder.st_nlink == 1)
                #expect(stat(mounted.at("hst"), &folder) == 0)
                #expect(folder.st_mtim.tv_sec == 1_700_000_001)
                #expect(stat(mounted.path, &folder) == 0 && folder.st_ino == 1)
                var link = [CChar](repeating: 0, count: 8)
                var totals = statvfs()
                #expect(statvfs(mounted.path, &totals) == 0)
                #expect(totals.f_bfree == 0 && totals.f_bavail == 0 && totals.f_blocks == 1)
                #expect(totals.f_namemax == 255 && totals.f_flag & UInt(ST_RDONLY) != 0)
                #expect(failure(readlink(mounted.at("hst/a/x"), &link, 8)) == EINVAL)
                let long = String(repeating: "n", count: 256)
                #expect(open(mounted.at("hst/\(long)"), O_RDONLY) == -1 && errno == ENAMETOOLONG)
                #expect(open(mounted.at("hst/none"), O_RDONLY) == -1 && errno == ENOENT)
            }
        }
    }

    @Test func aRepublishIsSeenWithinASecondWhileOpenFilesAndFoldersStay() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x": .text("first"), "a/gone": .text("g")])
            try await withMount(service) { mounted throws in
                let folder = try inode(mounted.at("hst/a"))
                let old = try inode(mounted.at("hst/a/x"))
                #expect(try names(mounted.at("hst/a")).sorted() == ["gone", "x"])
                let directory = open(mounted.at("hst/a"), O_RDONLY | O_DIRECTORY)
                let file = open(mounted.at("hst/a/x"), O_RDONLY)
                defer {
                    close(directory)
                    close(file)
                }
                #expect(access(mounted.at("hst/a/new"), F_OK) == -1)
                try service.publish("hst", ["a/x": .text("second!"), "a/new": .text("n")])
                #expect(try eventually { try inode(mounted.at("hst/a/x")) != old })
                #expect(try eventually { access(mounted.at("hst/a/new"), F_OK) == 0 })
                #expect(try eventually { access(mounted.at("hst/a/gone"), F_OK) == -1 })
                #expect(try names(mounted.at("hst/a")).sorted() == ["new", "x"])
                #expect(try text(mounted.at("hst/a/x")) == "second!")
                #expect(try inode(mounted.at("hst/a")) == folder)
                #expect(try readAll(file) == Array("first".utf8))
                // The working directory's case: names below an open folder follow.
                let below = openat(directory, "new", O_RDONLY)
                #expect(below >= 0)
                close(below)
                #expect(try text(mounted.at("hst@r1/a/x")) == "first")
                #expect(try inode(mounted.at("hst@r1/a")) != folder)
                #expect(try inode(mounted.at("hst@r1/a/x")) == old)
                #expect(try names(mounted.path) == ["hst"])
                service.rollback("hst", to: 1)
                #expect(try eventually { try text(mounted.at("hst/a/x")) == "first" })
                #expect(try text(mounted.at("hst@r2/a/x")) == "second!")
                service.remove("hst")
                #expect(try eventually { access(mounted.at("hst"), F_OK) == -1 })
                #expect(try eventually { try names(mounted.path).isEmpty })
            }
        }
    }

    @Test func namesThatWereBeingReadDuringARepublishDoNotLast() async throws {
        try await withFakeService { service in
            @Sendable func files(_ mark: Int) -> [String: FakeVolumeService.Content] {
                Dictionary(
                    uniqueKeysWithValues: (0..<800).map { ("d/f\($0)", .row(Int64(mark))) })
            }
            try service.publish("hst", files(1))
            try await withMount(service) { mounted throws in
                guard let folder = opendir(mounted.at("hst/d")) else { throw Errno(value: errno) }
                for _ in 0..<10 { _ = readdir(folder) }
                try service.publish("hst", files(2))
                usleep(100_000)
                while readdir(folder) != nil {}
                closedir(folder)
                let areNew = try eventually(1) {
                    (0..<800).allSatisfy { index in
                        var status = stat()
                        return stat(mounted.at("hst/d/f\(index)"), &status) == 0
                            && status.st_size == 2
                    }
                }
                #expect(areNew)
            }
        }
    }

    @Test func forgottenNodesLeaveTheTable() async throws {
        try await withFakeService { service in
            try service.publish(
                "hst",
                Dictionary(uniqueKeysWithValues: (0..<3_000).map { ("d/f\($0)", .row(1)) }))
            try await withMount(service) { mounted throws in
                for index in 0..<3_000 {
                    #expect(access(mounted.at("hst/d/f\(index)"), F_OK) == 0)
                }
                #expect(mounted.mount.system.knownNodes >= 3_000)
                let wereForgotten = try eventually(10) {
                    try "2".write(
                        toFile: "/proc/sys/vm/drop_caches", atomically: false, encoding: .utf8)
                    return mounted.mount.system.knownNodes < 100
                }
                #expect(wereForgotten)
                #expect(try names(mounted.at("hst/d")).count == 3_000)
            }
        }
    }

    @Test func aSelectionAndARootOfOneVolume() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x": .text("one")])
            try service.publish("hst", ["a/x": .text("three")])
            try service.publish("jwst", ["y": .text("y")])
            let selected = MountLayout.selected([
                try VolumeReference(parsing: "hst@r1"), try VolumeReference(parsing: "jwst"),
            ])
            try await withMount(service, selected) { mounted throws in
                #expect(try names(mounted.path).sorted() == ["hst@r1", "jwst"])
                #expect(try text(mounted.at("hst@r1/a/x")) == "one")
                #expect(access(mounted.at("hst"), F_OK) == -1)
            }
            let root = MountLayout.atRoot(try VolumeReference(parsing: "hst:a"))
            try await withMount(service, root) { mounted throws in
                #expect(try names(mounted.path) == ["x"])
                #expect(try text(mounted.at("x")) == "three")
                #expect(try inode(mounted.path) == 1)
                try service.publish("hst", ["a/x": .text("four!!")])
                #expect(try eventually { try text(mounted.at("x")) == "four!!" })
            }
        }
    }

    @Test func theStatusAndTheAttributesTellWhereAFileComesFrom() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x y": .text("one"), "a/slow": .text("two")])
            var options = MountOptions()
            options.xattrs = true
            options.deadline = .milliseconds(300)
            _ = service.state.withLock { $0.stalled.insert(Array("slow".utf8)) }
            try await withMount(service, .everyVolume, options) { mounted throws in
                let status = try #require(try MountStatus.read(mounted.at("hst/a/x y")))
                #expect(status.volume == "hst" && status.revision == 1 && status.pinned == false)
                #expect(status.path == "a/x y" && status.kind == "file" && status.size == 3)
                let node = try inode(mounted.at("hst/a/x y"))
                #expect(status.node == node)
                #expect(status.digests["md5"]?.count == 32)
                #expect(status.serving != nil)
                let folder = try #require(try MountStatus.read(mounted.at("hst@r1/a")))
                #expect(folder.kind == "folder" && folder.pinned == true && folder.path == "a")
                #expect(try MountStatus.read(mounted.path)?.volume == nil)
                // It cannot be opened, so its folder is asked.
                let slow = try #require(try MountStatus.read(mounted.at("hst/a/slow")))
                #expect(slow.path == "a/slow" && slow.serving == nil && slow.size == 3)
                #expect(throws: PerigeeError.self) {
                    try MountStatus.read(mounted.at("hst/a/none"))
                }
                #expect(try MountStatus.read("/etc/passwd") == nil)

                let path = mounted.at("hst/a/x y")
                var buffer = [CChar](repeating: 0, count: 512)
                let length = getxattr(path, "user.perigee.path", &buffer, 512)
                #expect(length == 5)
                #expect(getxattr(path, "user.perigee.etag", nil, 0) > 0)
                #expect(getxattr(path, "user.perigee.path", &buffer, 2) == -1 && errno == ERANGE)
                #expect(getxattr(path, "user.other", &buffer, 512) == -1 && errno == ENODATA)
                let listed = listxattr(path, &buffer, 512)
                let list = buffer.prefix(max(listed, 0)).split(separator: 0).map {
                    String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self)
                }
                #expect(list.contains("user.perigee.md5"))
                #expect(list.contains("user.perigee.revision"))
                #expect(setxattr(path, "user.x", "1", 1, 0) == -1 && errno == EROFS)
            }
            try await withMount(service) { mounted throws in
                let path = mounted.at("hst/a/x y")
                #expect(getxattr(path, "user.perigee.path", nil, 0) == -1)
                #expect(errno == EOPNOTSUPP)
            }
        }
    }
}
