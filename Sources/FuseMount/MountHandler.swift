internal import FuseKernel
internal import Glibc
internal import Logging
internal import Synchronization
internal import VolumeFileSystem
internal import VolumeModel

/// Answers the kernel from a file system.
///
/// What can be answered at once is answered on the session's thread; what may wait for an origin
/// goes to `work`, whose consumer runs it.
final class MountHandler: FuseHandler {
    // Dependencies and constants.
    let system: VolumeFileSystem
    let options: MountOptions
    let logger: Logger
    let uid = geteuid()
    let gid = getegid()

    // Shared state.
    let pending = PendingRequests()
    let pages = PageFiller()
    let reads = PendingReads()
    let work: AsyncStream<PendingWork>
    private let submit: AsyncStream<PendingWork>.Continuation
    private let link = Mutex(Link())

    /// What is there from the session's beginning to its end.
    private struct Link: Sendable {
        var session: FuseSession?
        var backing: BackingFiles?
        var times = KernelTimes(.short)
    }

    init(system: VolumeFileSystem, options: MountOptions, logger: Logger) {
        self.system = system
        self.options = options
        self.logger = logger
        (work, submit) = AsyncStream.makeStream()
    }

    /// To be called once, before the session is mounted.
    func attach(_ session: FuseSession) {
        link.withLock { $0.session = session }
    }

    var session: FuseSession? { link.withLock { $0.session } }

    var backing: BackingFiles? { link.withLock { $0.backing } }

    var times: KernelTimes { link.withLock { $0.times } }

    func ready(_ capabilities: FuseCapabilities) {
        let times = options.times ?? (capabilities.hasEpoch ? .revocable : .short)
        link.withLock { link in
            link.times = KernelTimes(times)
            link.backing = BackingFiles(
                options.passthrough, isPossible: capabilities.passthrough, logger: logger)
        }
    }

    func interrupted(unique: UInt64) { pending.interrupt(unique) }

    func destroyed() {
        // Files that it holds are closed by the time the session has ended.
        pages.close()
        end()
    }

    /// Lets go of everything; a second call does nothing.
    func end() {
        pending.close()
        submit.finish()
        system.stop()
        link.withLock { $0 = Link() }
    }

    /// Has `body` answer the request off this thread. It is cancelled when the request is answered
    /// for it: at its deadline, or when its caller is interrupted.
    ///
    /// - Parameter reading: the node whose pages the request fills.
    func later(
        _ reply: FuseReply, reading node: Node? = nil,
        _ body: @escaping @Sendable (PendingAnswer) async throws(PerigeeError) -> Void
    ) {
        let (withdrawn, withdrawal) = AsyncStream<Never>.makeStream()
        let waiting = PendingRequests.Waiting(
            reply: reply, deadline: .now + options.deadline, withdrawal: withdrawal)
        // Before the request can be answered.
        if let node { reads.begin(node) }
        let ended: @Sendable () -> Void = { [self] in
            guard let node, reads.end(node) else { return }
            session?.invalidateInode(NodeID(rawValue: node.value))
        }
        guard pending.begin(waiting) else { return ended() }
        let answer = PendingAnswer(pending: pending, reply: reply)
        submit.yield(
            PendingWork(answer: answer, withdrawn: withdrawn, body: body, ended: ended))
    }

    func handle(_ request: borrowing FuseRequest, _ reply: FuseReply) {
        do throws(PerigeeError) {
            try answer(request, reply)
        } catch {
            reply.error(error.code.errno)
        }
    }

    private func answer(
        _ request: borrowing FuseRequest, _ reply: FuseReply
    ) throws(PerigeeError) {
        let node = Node(value: request.node.rawValue)
        switch request.operation {
        case .lookup(let name):
            try lookup(name, in: node, reply)
        case .forget(let lookups):
            system.forget(node, lookups: lookups)
        case .batchForget(let list):
            for index in 0..<list.count {
                let (node, lookups) = list[index]
                system.forget(Node(value: node.rawValue), lookups: lookups)
            }
        case .getattr:
            reply.attributes(
                attributes(try system.attributes(of: node)), timeout: times.attributes)
        case .open(let flags) where node == .receipt:
            try openReceipt(flags: flags, reply)
        case .read(let handle, let offset, let size) where node == .receipt:
            try readReceipt(handle, offset: offset, size: size, reply)
        case .open(let flags):
            try open(node, flags: flags, reply)
        case .read(let handle, let offset, let size):
            try read(handle, offset: offset, size: size, scratch: request.scratch, reply)
        case .release(let handle, _) where node == .receipt:
            system.releaseReceipt(handle.rawValue)
            reply.done()
        case .release(let handle, _):
            if system.release(handle.rawValue) != nil { backing?.release(node, session) }
            reply.done()
        case .opendir:
            let (handle, keeps) = try system.openFolder(node)
            reply.opened(
                FuseHandle(rawValue: handle),
                flags: keeps ? [.cacheDirectory, .keepCache] : [.cacheDirectory])
        case .readdir(let handle, let offset, let size):
            let buffer = DirectoryBuffer(.plain, in: request.scratch, size: size)
            try list(handle, offset, .plain, buffer, reply)
        case .readdirplus(let handle, let offset, let size):
            let buffer = DirectoryBuffer(.plus, in: request.scratch, size: size)
            try list(handle, offset, .plus, buffer, reply)
        case .releasedir(let handle, _):
            system.releaseFolder(handle.rawValue)
            reply.done()
        case .statfs:
            reply.statfs(statistics())
        case .access(let mask):
            try system.checkAccess(
                of: node, read: mask & R_OK != 0, write: mask & W_OK != 0,
                execute: mask & X_OK != 0)
            reply.done()
        case .getxattr(let name, let size):
            try attribute(name, of: node, size: size, reply)
        case .listxattr(let size):
            try attributeNames(of: node, size: size, reply)
        case .ioctl(let handle, let command, let input, let outputSize):
            try control(node, handle, command, input, outputSize, reply)
        case .readlink:
            reply.error(RefusedOperation.readlink)
        case .mutating:
            reply.error(RefusedOperation.mutating)
        case .destroy:
            reply.done()
        // ENOSYS once, and the kernel does it by itself from then on: GETATTR for STATX, nothing at
        // close or fsync of what cannot be dirty, a file without holes.
        case .statx, .flush, .fsync, .fsyncdir, .lseek, .unknown:
            reply.error(RefusedOperation.unknown)
        case .interrupt, .notifyReply:
            reply.none()
        }
    }
}
