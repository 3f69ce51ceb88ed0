import Glibc
import PerigeeTesting
import Testing

@testable import FuseKernel

private let old = NodeID(rawValue: 2)
private let new = NodeID(rawValue: 3)

@Suite(
    "Notifications and interrupts", .serialized,
    .needsMounts(),
    .timeLimit(.minutes(2)))
struct FuseNotificationTests {
    private let nodes: [NodeID: MemoryFileSystem.Node] = [
        .root: .folder([("file", old)]), old: .file([1]), new: .file([2, 2]),
    ]

    /// Changes what `file` is, and checks that the kernel believes the old one until `notify`.
    private func change(
        expireOnly: Bool = false, _ notify: (FuseSession) -> Void
    ) throws {
        try FuseTestSupport.withMount(nodes) { path, session, files in
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1]))
            files.replace(.root, with: .folder([("file", new)]))
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1]))
            notify(session)
            #expect(session.waitForNotifications(timeout: .seconds(10)))
            #expect(FuseTestSupport.contents(path + "/file") == .ok([2, 2]))
        }
    }

    @Test(arguments: [false, true])
    func anInvalidatedEntryIsLookedUpAgain(_ expireOnly: Bool) throws {
        try change {
            $0.invalidateEntry(parent: .root, name: Array("file".utf8), expireOnly: expireOnly)
        }
    }

    @Test func anEpochMakesEveryNameBeLookedUpAgain() throws {
        try change {
            // Kernels before 7.44 have none, and say so.
            if !$0.incrementEpoch() {
                #expect($0.capabilities?.hasEpoch == false)
                $0.invalidateEntry(parent: .root, name: Array("file".utf8))
            }
        }
    }

    @Test func anAbsenceIsRememberedUntilItIsInvalidated() throws {
        try FuseTestSupport.withMount(nodes) { path, session, files in
            for _ in 0..<3 { #expect(FuseTestSupport.size(path + "/late") == .failed(ENOENT)) }
            #expect(files.look { $0.lookups["late"] } == 1)
            files.replace(.root, with: .folder([("file", old), ("late", new)]))
            #expect(FuseTestSupport.size(path + "/late") == .failed(ENOENT))
            session.invalidateEntry(parent: .root, name: Array("late".utf8))
            #expect(session.waitForNotifications(timeout: .seconds(10)))
            #expect(FuseTestSupport.size(path + "/late") == .ok(2))
        }
    }

    @Test func anInvalidatedInodeIsReadAgain() throws {
        try FuseTestSupport.withMount(nodes) { path, session, files in
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1]))
            files.replace(old, with: .file([7, 7, 7]))
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1]))
            session.invalidateInode(old)
            #expect(session.waitForNotifications(timeout: .seconds(10)))
            #expect(FuseTestSupport.size(path + "/file") == .ok(3))
            #expect(FuseTestSupport.contents(path + "/file") == .ok([7, 7, 7]))
        }
    }

    @Test func storedBytesAreReadWithoutARequest() throws {
        let page = [UInt8](repeating: 9, count: 4096)
        let nodes: [NodeID: MemoryFileSystem.Node] = [
            .root: .folder([("file", old)]), old: .file([UInt8](repeating: 1, count: 3 * 4096)),
        ]
        try FuseTestSupport.withMount(nodes) { path, session, files in
            let file = open(path + "/file", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            try #require(file >= 0)
            #expect(page.withUnsafeBytes { session.store(old, offset: 4096, $0) })
            var found = [UInt8](repeating: 0, count: 4096)
            #expect(pread(file, &found, 4096, 4096) == 4096)
            #expect(found == page)
            #expect(files.look { $0.reads } == 0)
            // It holds no longer than any other page.
            session.invalidateInode(old)
            #expect(session.waitForNotifications(timeout: .seconds(10)))
            #expect(pread(file, &found, 4096, 4096) == 4096)
            #expect(found == [UInt8](repeating: 1, count: 4096))
        }
    }

    @Test func aStoreForNobodyIsRefused() throws {
        try FuseTestSupport.withMount(nodes) { path, session, _ in
            let bytes: [UInt8] = [5]
            #expect(!bytes.withUnsafeBytes { session.store(NodeID(rawValue: 77), offset: 0, $0) })
            session.unmount()
            #expect(!bytes.withUnsafeBytes { session.store(old, offset: 0, $0) })
        }
    }

    @Test func whatTheKernelDoesNotKnowIsIgnored() throws {
        try FuseTestSupport.withMount(nodes) { path, session, _ in
            for index in 0..<1000 {
                session.invalidateEntry(parent: .root, name: Array("none-\(index)".utf8))
                session.invalidateInode(NodeID(rawValue: UInt64(5000 + index)))
            }
            #expect(session.waitForNotifications(timeout: .seconds(10)))
            #expect(FuseTestSupport.contents(path + "/file") == .ok([1]))
            session.unmount()
            session.invalidateInode(old)
            #expect(session.waitForNotifications(timeout: .zero))
        }
    }

    @Test func anInterruptedReaderIsAnsweredByTheHandler() throws {
        let held: [NodeID: MemoryFileSystem.Node] = [.root: .folder([("file", old)]), old: .held]
        try FuseTestSupport.withMount(held) { path, _, files in
            // The kernel sends INTERRUPT for reads that the caller itself waits in; those of the
            // page cache it lets run.
            files.look { $0.isDirect = true }
            // A process of its own, to be killed while it reads.
            let words = ["dd", "if=" + path + "/file", "of=/dev/null", "status=none"]
            var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            defer { for argument in arguments { free(argument) } }
            var pid = pid_t()
            try #require(posix_spawnp(&pid, "dd", nil, nil, &arguments, environ) == 0)
            #expect(FuseTestSupport.eventually { files.look { !$0.heldReplies.isEmpty } })
            kill(pid, SIGKILL)
            #expect(FuseTestSupport.eventually { files.look { !$0.interrupted.isEmpty } })
            var status: Int32 = 0
            #expect(waitpid(pid, &status, 0) == pid)
            #expect(files.look { $0.heldReplies.isEmpty })
        }
    }

    @Test func aReplyGivenLaterFromAnotherThreadArrives() throws {
        let held: [NodeID: MemoryFileSystem.Node] = [.root: .folder([("file", old)]), old: .held]
        try FuseTestSupport.withMount(held, threads: 1) { path, _, files in
            let reader = try FuseTestSupport.onThread {
                FuseTestSupport.contents(path + "/file")
            }
            #expect(FuseTestSupport.eventually { files.look { !$0.heldReplies.isEmpty } })
            // The one session thread serves others meanwhile.
            #expect(FuseTestSupport.size(path + "/file") == .ok(4096))
            files.replace(old, with: .file([5]))
            let reply = files.look { $0.heldReplies.removeFirst() }
            [UInt8](repeating: 3, count: 4096).withUnsafeBytes { reply.data($0) }
            // A second answer is nobody's.
            reply.error(EIO)
            let bytes = reader.wait(timeout: .seconds(10)) { $0 }
            #expect(bytes == .ok([UInt8](repeating: 3, count: 4096)))
        }
    }
}
