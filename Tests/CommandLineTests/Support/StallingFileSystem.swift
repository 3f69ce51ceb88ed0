import FuseKernel
import Glibc
import Logging
import PerigeeTesting
import Synchronization
import VolumeModel

/// A FUSE file system of files at its root, that answers nothing while it is told to stall.
///
/// It keeps what it is asked meanwhile; a caller that is killed is let go, as NFS does.
final class StallingFileSystem: FuseHandler {
    private struct State {
        var isStalled = false
        var held: [(unique: UInt64, reply: FuseReply, answer: @Sendable (FuseReply) -> Void)] = []
        /// Interruptions that came before their requests.
        var interrupted: Set<UInt64> = []
    }

    private let files: [(name: String, content: [UInt8])]
    private let state = Mutex(State())

    init(_ files: [(name: String, content: [UInt8])]) { self.files = files }

    /// Requests that wait.
    var heldCount: Int { state.withLock { $0.held.count } }

    func stall() { state.withLock { $0.isStalled = true } }

    /// Answers all that waits, and everything from now on.
    func recover() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isStalled = false
            return state.held
        }
        for request in held { request.answer(request.reply) }
    }

    func ready(_ capabilities: FuseCapabilities) {}
    func destroyed() { recover() }

    func interrupted(unique: UInt64) {
        let reply = state.withLock { state -> FuseReply? in
            guard let index = state.held.firstIndex(where: { $0.unique == unique }) else {
                if state.isStalled { state.interrupted.insert(unique) }
                return nil
            }
            return state.held.remove(at: index).reply
        }
        reply?.error(EINTR)
    }

    func handle(_ request: borrowing FuseRequest, _ reply: FuseReply) {
        guard let answer = answer(to: request) else { return }
        // The kernel waits for these whatever becomes of the caller: no server of NFS is asked.
        if case .flush = request.operation { return answer(reply) }
        if case .release = request.operation { return answer(reply) }
        if case .releasedir = request.operation { return answer(reply) }
        let isHeld = state.withLock { state -> Bool? in
            if state.interrupted.remove(reply.unique) != nil { return nil }
            if state.isStalled { state.held.append((reply.unique, reply, answer)) }
            return state.isStalled
        }
        switch isHeld {
        case nil: reply.error(EINTR)
        case false?: answer(reply)
        case true?: break
        }
    }

    private func answer(to request: borrowing FuseRequest) -> (@Sendable (FuseReply) -> Void)? {
        let node = request.node
        switch request.operation {
        case .lookup(let name):
            let name = String(decoding: name, as: UTF8.self)
            return { [self] reply in
                guard let index = files.firstIndex(where: { $0.name == name }) else {
                    return reply.error(ENOENT)
                }
                let node = NodeID(rawValue: UInt64(index + 2))
                // No times: each use of a path asks again, and can stall.
                reply.entry(
                    FuseEntry(
                        node: node, attributes: attributes(node), entryTimeout: .zero,
                        attributeTimeout: .zero))
            }
        case .forget, .batchForget, .interrupt, .notifyReply:
            return nil
        case .getattr:
            return { [self] in $0.attributes(attributes(node), timeout: .zero) }
        case .open, .opendir:
            return { $0.opened(FuseHandle(rawValue: node.rawValue), flags: []) }
        case .read(let handle, let offset, let size):
            return { [self] reply in
                let content = files[Int(handle.rawValue) - 2].content
                let start = min(Int(offset), content.count)
                let end = min(start + Int(size), content.count)
                content[start..<end].withUnsafeBytes { reply.data($0) }
            }
        case .readdir(_, let offset, let size):
            return { [self] reply in list(.plain, from: Int(offset), size: size, reply) }
        case .readdirplus(_, let offset, let size):
            return { [self] reply in list(.plus, from: Int(offset), size: size, reply) }
        case .release, .releasedir, .flush, .access:
            return { $0.done() }
        case .statfs:
            return { $0.statfs(FuseStatistics(blocks: 1, files: 1)) }
        case .mutating:
            return { $0.error(EROFS) }
        default:
            return { $0.error(ENOSYS) }
        }
    }

    private func list(
        _ kind: DirectoryBuffer.Kind, from start: Int, size: UInt32, _ reply: FuseReply
    ) {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(size), alignment: 4_096)
        defer { memory.deallocate() }
        var buffer = DirectoryBuffer(kind, in: memory, size: size)
        for index in files.indices.dropFirst(start) {
            let node = NodeID(rawValue: UInt64(index + 2))
            let fits = Array(files[index].name.utf8).withUnsafeBytes {
                buffer.append($0, inode: node, mode: UInt32(S_IFREG), next: UInt64(index + 1))
            }
            if !fits { break }
        }
        reply.directory(buffer)
    }

    private func attributes(_ node: NodeID) -> FuseAttributes {
        let time: Int64 = 1_700_000_000_000_000_000
        guard node != .root else {
            return FuseAttributes(
                node: node, size: 0, mode: UInt32(S_IFDIR | 0o755), modificationTime: time,
                changeTime: time)
        }
        return FuseAttributes(
            node: node, size: UInt64(files[Int(node.rawValue) - 2].content.count),
            mode: UInt32(S_IFREG | 0o644), modificationTime: time, changeTime: time)
    }
}

/// Mounts a stalling file system at `path` for the length of `body`.
func withStallingOrigin<Value>(
    _ files: [(name: String, content: [UInt8])], at path: String,
    _ body: (StallingFileSystem) throws -> Value
) throws -> Value {
    let system = StallingFileSystem(files)
    var options = FuseMountOptions()
    options.subtype = "stalling"
    options.passthrough = false
    var logger = Logger(label: "stalling")
    logger.logLevel = .critical
    let session = try FuseSession(
        mountPoint: path, options: options, threads: 1, handler: system, logger: logger)
    defer {
        system.recover()
        umount2(path, Int32(MNT_DETACH))
        session.abort()
        session.unmount(drain: .seconds(2))
    }
    try session.mount()
    try session.start()
    return try body(system)
}
