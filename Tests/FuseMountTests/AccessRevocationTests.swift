import AccessControl
import Foundation
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

@Suite(
    "A revocation and an open mount", .serialized, .needsMounts(), .timeLimit(.minutes(5)))
struct AccessRevocationTests {
    private static let content = [UInt8](repeating: 0x52, count: 300_000)

    /// A volume that the team `staff` reads, and a mount of its member ada's.
    private static func withMountedWorld(
        isRevocationHard: Bool = false,
        _ body: @escaping @Sendable (AccessWorld, VolumeName, Mounted) throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld(in: folder)
            let volume = try world.addVolume("team-work")
            for index in 0..<20 {
                try world.write(volume, "d/deep/file-\(index).fits", content)
            }
            try world.write(volume, "d/open.fits", Array("for everybody".utf8))
            try world.publish(volume)
            try world.guardVolume(volume, isRevocationHard: isRevocationHard)
            let ada = try world.addUser("ada", in: "staff")
            try world.set(.granting(.read, to: "team:staff", "d/deep", named: "staff"), on: volume)
            try world.set(
                .granting(.read, to: "authenticated", "d/open.fits", named: "open"), on: volume)
            let service = try world.service()
            defer { service.stop() }
            try await withMounts(of: service, for: [MountIdentity(principal: ada)]) { mounts in
                try await offPool { try body(world, volume, mounts[0]) }
            }
        }
    }

    /// Whether a call says that there is no such thing.
    private static func isGone(_ result: Int32) -> Bool {
        result < 0 && [ENOENT, ESTALE].contains(errno)
    }

    @Test("Is in force within a second, also for what the kernel remembers")
    func remembered() async throws {
        try await Self.withMountedWorld { world, volume, mounted in
            let folder = mounted.at("team-work/d/deep")
            let file = "\(folder)/file-1.fits"
            #expect(try names(folder).count == 20)
            #expect(try readAll(file) == Self.content)
            // A working directory, an open listing, an open file, one that nobody has read of.
            let working = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { close(working) }
            let listing = try #require(opendir(folder))
            defer { closedir(listing) }
            #expect(try folderEntries(of: listing).count == 20)
            let opened = open(file, O_RDONLY | O_CLOEXEC)
            defer { close(opened) }
            try #require(working >= 0 && opened >= 0)

            try world.remove("ada", from: "staff")
            var status = stat()
            let seconds = secondsUntil { Self.isGone(lstat(file, &status)) }
            print("a revocation took \(seconds.map { "\($0)" } ?? "more than 1") s")
            #expect(seconds != nil)
            #expect(Self.isGone(open(file, O_RDONLY | O_CLOEXEC)))
            #expect(Self.isGone(lstat(folder, &status)))
            #expect(Self.isGone(fstatat(working, "file-1.fits", &status, AT_SYMLINK_NOFOLLOW)))
            #expect(Self.isGone(fstatat(working, "file-2.fits", &status, AT_SYMLINK_NOFOLLOW)))
            #expect(Self.isGone(openat(working, "file-3.fits", O_RDONLY | O_CLOEXEC)))
            // The kernel is told of names first and of folders after.
            let emptied = secondsUntil {
                rewinddir(listing)
                return ((try? folderEntries(of: listing)) ?? []).isEmpty
            }
            #expect(emptied != nil, "an open folder still has names")
            #expect(try names(mounted.at("team-work/d")) == ["open.fits"])
            // What is open stays open, as POSIX has it.
            lseek(opened, 0, SEEK_SET)
            #expect(try readAll(opened) == Self.content)

            // And what is granted again is there again, at the working directory too.
            try world.set(
                .granting(.read, to: "user:ada", "d/deep", named: "staff"), on: volume)
            #expect(secondsUntil { lstat(file, &status) == 0 } != nil)
            #expect(
                secondsUntil { fstatat(working, "file-2.fits", &status, 0) == 0 } != nil)
            rewinddir(listing)
            #expect(secondsUntil { (try? names(folder).count) == 20 } != nil)
            #expect(try readAll(file) == Self.content)
        }
    }

    @Test("From reading to seeing, it leaves names and sizes")
    func toSeeing() async throws {
        try await Self.withMountedWorld { world, volume, mounted in
            let file = mounted.at("team-work/d/deep/file-1.fits")
            #expect(try readAll(file) == Self.content)
            try world.set(.granting(.list, to: "team:staff", "d/deep", named: "staff"), on: volume)
            #expect(try secondsUntil { try refusal { _ = try readAll(file) } == EACCES } != nil)
            var status = stat()
            // The kernel is told after the first refusal could be had.
            let isClosed = { lstat(file, &status) == 0 && status.st_mode == S_IFREG }
            #expect(secondsUntil { isClosed() } != nil)
            #expect(status.st_size == Self.content.count)
        }
    }

    @Test("Where revocations are hard, it ends what is open at the next read")
    func hard() async throws {
        try await Self.withMountedWorld(isRevocationHard: true) { world, volume, mounted in
            let file = mounted.at("team-work/d/deep/file-1.fits")
            let other = mounted.at("team-work/d/open.fits")
            let opened = open(file, O_RDONLY | O_CLOEXEC)
            defer { close(opened) }
            let kept = open(other, O_RDONLY | O_CLOEXEC)
            defer { close(kept) }
            #expect(try readAll(opened) == Self.content)
            #expect(try text(other) == "for everybody")
            try world.remove("ada", from: "staff")
            var byte: UInt8 = 0
            let seconds = secondsUntil { pread(opened, &byte, 1, 0) < 0 && errno == EACCES }
            #expect(seconds != nil)
            #expect(pread(opened, &byte, 1, Self.content.count - 1) < 0 && errno == EACCES)
            #expect(try readAll(kept) == Array("for everybody".utf8))
            // Once it is granted again the same open file reads on.
            try world.set(
                .granting(.read, to: "user:ada", "d/deep", named: "staff"), on: volume)
            #expect(secondsUntil { pread(opened, &byte, 1, 0) == 1 } != nil)
        }
    }

    @Test("The end of a user empties his mount")
    func endOfAUser() async throws {
        try await Self.withMountedWorld { world, volume, mounted in
            let file = mounted.at("team-work/d/open.fits")
            #expect(try text(file) == "for everybody")
            try world.setDisabled(true, "ada")
            #expect(try secondsUntil { try names(mounted.path).isEmpty } != nil)
            #expect(try refusal { _ = try text(file) } == ENOENT)
            #expect(try refusal { _ = try names(mounted.at("team-work@r1")) } == ENOENT)
            var totals = statvfs()
            #expect(statvfs(mounted.path, &totals) == 0)
            #expect(totals.f_files == 1 && totals.f_blocks == 0)
            try world.setDisabled(false, "ada")
            #expect(secondsUntil { (try? text(file)) == "for everybody" } != nil)
        }
    }

    @Test("The end of a token empties the mount that was made with it")
    func endOfAToken() async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld(in: folder)
            let volume = try world.addVolume("data-1")
            let other = try world.addVolume("data-2")
            for volume in [volume, other] {
                try world.write(volume, "item.fits", Self.content)
                try world.publish(volume)
                try world.set(.granting(.read, to: "authenticated", named: "all"), on: volume)
            }
            try world.addUser("ada")
            let end = world.hand.now.after(seconds: 8 * 3_600)
            let expiring = try world.addToken(of: "ada", volumes: [volume], expires: end)
            let removed = try world.addToken(of: "ada")
            let service = try world.service()
            defer { service.stop() }
            let identities = [expiring, removed].map { MountIdentity(principal: $0) }
            try await withMounts(of: service, for: identities) { mounts in
                try await offPool { () throws in
                    #expect(try names(mounts[0].path) == ["data-1"])
                    #expect(try names(mounts[1].path).sorted() == ["canary", "data-1", "data-2"])
                    let paths = mounts.map { $0.at("data-1/item.fits") }
                    for path in paths { #expect(try readAll(path) == Self.content) }
                    let opened = open(paths[1], O_RDONLY | O_CLOEXEC)
                    defer { close(opened) }

                    world.hand.turn(to: end)
                    #expect(try secondsUntil { try names(mounts[0].path).isEmpty } != nil)
                    #expect(try refusal { _ = try readAll(paths[0]) } == ENOENT)
                    #expect(try readAll(paths[1]) == Self.content)
                    try world.removeToken(of: removed)
                    #expect(try secondsUntil { try names(mounts[1].path).isEmpty } != nil)
                    #expect(try refusal { _ = try readAll(paths[1]) } == ENOENT)
                    #expect(try readAll(opened) == Self.content)
                }
            }
        }
    }
}
