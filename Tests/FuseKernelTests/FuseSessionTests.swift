import Glibc
import PerigeeTesting
import Testing

@testable import FuseKernel

private let file = NodeID(rawValue: 2)
private let folder = NodeID(rawValue: 3)
private let nested = NodeID(rawValue: 4)

private func tree(_ content: MemoryFileSystem.Node) -> [NodeID: MemoryFileSystem.Node] {
    [
        .root: .folder([("file", file), ("folder", folder)]),
        file: content,
        folder: .folder([("nested", nested)]),
        nested: .file(Array("nested".utf8)),
    ]
}

/// What a blocked read gets: the page cache tries a failed page again, which finds no connection.
private let aborted: [Outcome<[UInt8]>?] = [.failed(ECONNABORTED), .failed(ENOTCONN)]

@Suite(
    "A session on the real kernel", .serialized,
    .needsMounts(),
    .timeLimit(.minutes(2)))
struct FuseSessionTests {
    @Test func aTreeCanBeStattedListedAndRead() throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try FuseTestSupport.withMount(tree(.file(bytes))) { path, session, _ in
            #expect(FuseTestSupport.size(path + "/file") == .ok(bytes.count))
            #expect(FuseTestSupport.size(path + "/absent") == .failed(ENOENT))
            #expect(FuseTestSupport.names(path) == .ok(["file", "folder"]))
            #expect(FuseTestSupport.contents(path + "/file") == .ok(bytes))
            #expect(FuseTestSupport.contents(path + "/folder/nested") == .ok(Array("nested".utf8)))
            var status = stat()
            try #require(stat(path + "/file", &status) == 0)
            #expect(status.st_mtim.tv_sec == -1 && status.st_mtim.tv_nsec == 999_999_999)
            #expect(status.st_ctim.tv_sec == 1 && status.st_ctim.tv_nsec == 500_000_000)
            #expect(status.st_blocks == (bytes.count + 511) / 512)
            var statistics = statvfs()
            try #require(statvfs(path, &statistics) == 0)
            #expect(statistics.f_blocks == 1000 && statistics.f_files == 7)
            #expect(session.capabilities?.maximumRead == 1 << 20)
        }
    }

    @Test func aFolderOfManyNamesIsListedWholly() throws {
        let children = (0..<5000).map {
            (name: "a-rather-long-name-\($0)", node: NodeID(rawValue: UInt64(10 + $0)))
        }
        var nodes: [NodeID: MemoryFileSystem.Node] = [.root: .folder(children)]
        for child in children { nodes[child.node] = .file([1]) }
        try FuseTestSupport.withMount(nodes) { path, _, files in
            #expect(FuseTestSupport.names(path) == .ok(children.map(\.name)))
            #expect(FuseTestSupport.size(path + "/" + children[4999].name) == .ok(1))
            #expect(files.look { $0.plusListings } > 0)
        }
    }

    @Test func aBackedFileIsReadByTheKernelWhereItCan() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        try FuseTestSupport.withFile(bytes) { backing in
            try FuseTestSupport.withMount(tree(.backed(backing))) { path, session, files in
                #expect(FuseTestSupport.contents(path + "/file") == .ok(bytes))
                let first = open(path + "/file", O_RDONLY)
                #expect(FuseTestSupport.contents(path + "/file") == .ok(bytes))
                close(first)
                let reads = files.look { $0.reads }
                #expect((session.capabilities?.passthrough == true) == (reads == 0))
                #expect(
                    FuseTestSupport.eventually { files.look { $0.backings.isEmpty } })
            }
        }
    }

    @Test func withoutPassthroughTheHandlerReads() throws {
        let bytes = [UInt8](repeating: 9, count: 123_457)
        var options = FuseMountOptions()
        options.passthrough = false
        try FuseTestSupport.withFile(bytes) { backing in
            try FuseTestSupport.withMount(tree(.backed(backing)), options: options) {
                path, session, files in
                #expect(session.capabilities?.passthrough == false)
                #expect(FuseTestSupport.contents(path + "/file") == .ok(bytes))
                #expect(files.look { $0.reads } > 0)
                #expect(throws: FuseSessionError.self) { try session.openBacking(backing) }
            }
        }
    }

    @Test func aBackingThatIsNoFileIsRefusedWithAnErrno() throws {
        try FuseTestSupport.withMount(tree(.held)) { _, session, _ in
            let error = #expect(throws: FuseSessionError.self) { try session.openBacking(-1) }
            #expect(error?.code == .backing)
            #expect(error?.errno == EBADF || error?.errno == EPERM)
        }
    }

    @Test func everyChangeIsRefused() throws {
        try FuseTestSupport.withMount(tree(.file([1, 2, 3]))) { path, _, files in
            func refusal(_ result: Int32) -> Int32 { result < 0 ? errno : 0 }
            let target = path + "/file"
            #expect(refusal(open(target, O_WRONLY)) == EROFS)
            #expect(refusal(open(path + "/new", O_CREAT | O_WRONLY, 0o644)) == EROFS)
            #expect(refusal(mkdir(path + "/new", 0o755)) == EROFS)
            #expect(refusal(mknod(path + "/new", S_IFREG, 0)) == EROFS)
            #expect(refusal(unlink(target)) == EROFS)
            #expect(refusal(rmdir(path + "/folder")) == EROFS)
            #expect(refusal(rename(target, path + "/new")) == EROFS)
            #expect(refusal(link(target, path + "/new")) == EROFS)
            #expect(refusal(symlink(target, path + "/new")) == EROFS)
            #expect(refusal(chmod(target, 0o777)) == EROFS)
            #expect(refusal(chown(target, 1, 1)) == EROFS)
            #expect(refusal(truncate(target, 0)) == EROFS)
            #expect(refusal(utimes(target, nil)) == EROFS)
            #expect(files.look { $0.mutations } == [])
        }
    }

    @Test func extendedAttributesAreRead() throws {
        // <sys/xattr.h> is not in Swift's Glibc module.
        typealias GetXattr =
            @convention(c) (
                UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int
            ) -> Int
        let symbol = try #require(dlsym(nil, "getxattr"))
        let getxattr = unsafeBitCast(symbol, to: GetXattr.self)
        try FuseTestSupport.withMount(tree(.file([1]))) { path, _, _ in
            var buffer = [UInt8](repeating: 0, count: 64)
            #expect(getxattr(path + "/file", "user.test", nil, 0) == 5)
            let count = getxattr(path + "/file", "user.test", &buffer, buffer.count)
            #expect(count == 5 && buffer.prefix(5).elementsEqual("value".utf8))
            #expect(getxattr(path + "/file", "user.none", &buffer, buffer.count) == -1)
            #expect(errno == ENODATA)
        }
    }

    @Test func unmountEndsTheThreadsAndSaysSoOnce() throws {
        try FuseTestSupport.withMount(tree(.file([1]))) { path, session, files in
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1]))
            #expect(session.unmount(drain: .seconds(5)) == .drained)
            #expect(session.waitUntilFinished(timeout: .zero))
            #expect(files.look { $0.destroyedCount } == 1)
            try #expect(FuseMountTable.topmost(at: path) == nil)
            #expect(session.unmount() == .drained)
            #expect(files.look { $0.destroyedCount } == 1)
        }
    }

    @Test func unmountOfANeverStartedSessionLeavesNothing() throws {
        try FuseTestSupport.withFolder { path in
            let files = MemoryFileSystem(tree(.held))
            let session = try FuseSession(
                mountPoint: path, handler: files, logger: FuseTestSupport.logger)
            try session.mount()
            #expect(throws: FuseSessionError.self) { try session.mount() }
            try #expect(FuseMountTable.topmost(at: path)?.type == "fuse.perigee")
            #expect(session.unmount() == .drained)
            try #expect(FuseMountTable.topmost(at: path) == nil)
            #expect(files.look { $0.destroyedCount } == 1)
        }
    }

    @Test func openFilesAreCutOffAfterTheDrain() throws {
        try FuseTestSupport.withMount(tree(.held)) { path, session, files in
            let reader = try FuseTestSupport.onThread {
                FuseTestSupport.contents(path + "/file")
            }
            #expect(
                FuseTestSupport.eventually { files.look { !$0.heldReplies.isEmpty } })
            #expect(session.unmount(drain: .milliseconds(100)) == .aborted)
            #expect(aborted.contains(reader.wait(timeout: .seconds(10)) { $0 }))
            // The answer comes too late, and is harmless.
            files.releaseHeld()
        }
    }

    @Test func abortEndsBlockedReadersAndUnmountStillDetaches() throws {
        try FuseTestSupport.withMount(tree(.held)) { path, session, files in
            let reader = try FuseTestSupport.onThread {
                FuseTestSupport.contents(path + "/file")
            }
            #expect(
                FuseTestSupport.eventually { files.look { !$0.heldReplies.isEmpty } })
            #expect(session.abort())
            #expect(session.waitUntilFinished(timeout: .seconds(10)))
            #expect(aborted.contains(reader.wait(timeout: .seconds(10)) { $0 }))
            try #expect(FuseMountTable.health(at: path) == .dead)
            #expect(session.unmount() == .drained)
            try #expect(FuseMountTable.topmost(at: path) == nil)
        }
    }

    @Test func aDeadMountIsDetachedAndALiveOneIsNot() throws {
        try FuseTestSupport.withMount(tree(.held)) { path, session, _ in
            try #expect(FuseMountTable.health(at: path) == .alive)
            try #expect(FuseMountTable.detachDead(at: path) == 0)
            session.abort()
            #expect(session.waitUntilFinished(timeout: .seconds(10)))
            try #expect(FuseMountTable.detachDead(at: path) == 1)
            try #expect(FuseMountTable.health(at: path) == .notMounted)
        }
    }

    @Test func aMountThatDoesNotAnswerIsUnresponsiveAndNotDead() throws {
        try FuseTestSupport.withFolder { path in
            let session = try FuseSession(
                mountPoint: path, handler: MemoryFileSystem(tree(.held)),
                logger: FuseTestSupport.logger)
            defer { session.unmount() }
            try session.mount()
            let health = try FuseMountTable.health(at: path, timeout: .milliseconds(50))
            #expect(health == .unresponsive)
            try session.start()
            try #expect(FuseMountTable.health(at: path, timeout: .seconds(10)) == .alive)
        }
    }

    @Test func aConnectionThatIsHandedInIsServed() throws {
        try FuseTestSupport.withFolder { path in
            var options = FuseMountOptions()
            options.fsname = "a,name"
            let descriptor = try FuseMounter.mount(at: path, options: options)
            let session = FuseSession(
                adopting: descriptor, mountPoint: path,
                handler: MemoryFileSystem(tree(.file([1, 2]))), logger: FuseTestSupport.logger)
            defer { session.unmount() }
            try session.mount()
            try session.start()
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1, 2]))
            try #expect(FuseMountTable.topmost(at: path)?.source == "a,name")
            #expect(session.unmount() == .drained)
            try #expect(FuseMountTable.topmost(at: path) == nil)
        }
    }

    @Test func aForeignMountOverOursIsLeftAlone() throws {
        try FuseTestSupport.withMount(tree(.held)) { path, session, _ in
            try #require(Glibc.mount("none", path, "tmpfs", 0, nil) == 0)
            session.abort()
            session.unmount()
            try #expect(FuseMountTable.topmost(at: path)?.type == "tmpfs")
            try #require(umount2(path, 0) == 0)
            try #expect(FuseMountTable.detachDead(at: path) == 1)
        }
    }

    @Test func aMountPointThatIsNoFolderIsRefused() {
        for path in ["/no/such/place", "/proc/self/status"] {
            let error = #expect(throws: FuseSessionError.self) {
                _ = try FuseSession(
                    mountPoint: path, handler: MemoryFileSystem([:]),
                    logger: FuseTestSupport.logger)
            }
            #expect(error?.code == .mountPoint)
        }
    }

    @Test func theBirthTimeComesThroughStatx() throws {
        try FuseTestSupport.withMount(tree(.file([1]))) { path, _, _ in
            // `stat` asks for it; kernels before 6.6 have no STATX request and show none.
            var output = [Int32](repeating: -1, count: 2)
            try #require(pipe(&output) == 0)
            defer { close(output[0]) }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, output[1], 1)
            let words = ["stat", "-c", "%W", path + "/file"]
            var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            defer { for argument in arguments { free(argument) } }
            var pid = pid_t()
            try #require(posix_spawnp(&pid, "stat", &actions, nil, &arguments, environ) == 0)
            close(output[1])
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = read(output[0], &buffer, buffer.count)
            waitpid(pid, nil, 0)
            let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
            #expect(["42\n", "0\n"].contains(text))
        }
    }
}
