import CKernel
import Glibc
import Synchronization

@testable import FuseKernel

/// A file system in memory, the smallest that the session tests need.
///
/// Names are answered with timeouts of an hour, so that only a notification makes the kernel ask
/// again.
final class MemoryFileSystem: FuseHandler {
    enum Node: Sendable {
        case folder([(name: String, node: NodeID)])
        case file([UInt8])
        /// Served by the kernel from this descriptor, or by reads of it where that is not possible.
        case backed(Int32)
        /// Reads are answered by `release` only.
        case held
    }

    struct State: Sendable {
        var nodes: [NodeID: Node]
        var session: FuseSession?
        /// Opened files bypass the page cache.
        var isDirect = false
        var heldReplies: [FuseReply] = []
        var backings: [NodeID: (id: BackingID, opens: Int)] = [:]
        var lookups: [String: Int] = [:]
        var forgotten: UInt64 = 0
        var reads = 0
        var plusListings = 0
        var interrupted: [UInt64] = []
        var mutations: [FuseOpcode] = []
        var capabilities: FuseCapabilities?
        var destroyedCount = 0
    }

    let state: Mutex<State>

    init(_ nodes: [NodeID: Node]) {
        state = Mutex(State(nodes: nodes))
    }

    /// Reads or changes the state.
    func look<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    func ready(_ capabilities: FuseCapabilities) {
        state.withLock { $0.capabilities = capabilities }
    }

    func destroyed() {
        state.withLock {
            $0.destroyedCount += 1
            $0.session = nil
        }
    }

    func interrupted(unique: UInt64) {
        let reply = state.withLock { state -> FuseReply? in
            state.interrupted.append(unique)
            guard let index = state.heldReplies.firstIndex(where: { $0.unique == unique }) else {
                return nil
            }
            return state.heldReplies.remove(at: index)
        }
        reply?.error(EINTR)
    }

    func handle(_ request: borrowing FuseRequest, _ reply: FuseReply) {
        switch request.operation {
        case .lookup(let name):
            lookup(String(decoding: name, as: UTF8.self), in: request.node, reply)
        case .forget(let lookups):
            state.withLock { $0.forgotten += lookups }
        case .batchForget(let list):
            let total = (0..<list.count).reduce(UInt64(0)) { $0 + list[$1].lookups }
            state.withLock { $0.forgotten += total }
        case .getattr:
            guard let attributes = attributes(request.node) else { return reply.error(ENOENT) }
            reply.attributes(attributes, timeout: .seconds(3600))
        case .statx:
            guard let attributes = attributes(request.node) else { return reply.error(ENOENT) }
            reply.statx(attributes, birthTime: 42_000_000_007, timeout: .seconds(3600))
        case .open:
            open(request.node, reply)
        case .read(let handle, let offset, let size):
            read(handle, offset, Int(size), request.scratch, reply)
        case .release(let handle, _):
            release(NodeID(rawValue: handle.rawValue))
            reply.done()
        case .opendir:
            reply.opened(FuseHandle(rawValue: request.node.rawValue), flags: .cacheDirectory)
        case .readdir(_, let offset, let size):
            var buffer = DirectoryBuffer(.plain, in: request.scratch, size: size)
            list(request.node, from: Int(offset), into: &buffer)
            reply.directory(buffer)
        case .readdirplus(_, let offset, let size):
            state.withLock { $0.plusListings += 1 }
            var buffer = DirectoryBuffer(.plus, in: request.scratch, size: size)
            list(request.node, from: Int(offset), into: &buffer)
            reply.directory(buffer)
        case .releasedir, .access, .flush:
            reply.done()
        case .statfs:
            reply.statfs(FuseStatistics(blocks: 1000, files: 7))
        case .getxattr(let name, let size):
            let value = Array("value".utf8)
            guard name.elementsEqual("user.test".utf8) else { return reply.error(ENODATA) }
            if size == 0 { return reply.xattrSize(UInt32(value.count)) }
            value.withUnsafeBytes { reply.data($0) }
        case .listxattr(let size):
            let names = Array("user.test\0".utf8)
            if size == 0 { return reply.xattrSize(UInt32(names.count)) }
            names.withUnsafeBytes { reply.data($0) }
        case .ioctl(_, _, let input, _):
            reply.ioctl(result: Int32(input.count))
        case .lseek(_, let offset, _):
            reply.lseek(offset)
        case .mutating(let opcode):
            state.withLock { $0.mutations.append(opcode) }
            reply.error(EROFS)
        default:
            reply.error(ENOSYS)
        }
    }

    /// Answers the reads that are held.
    func releaseHeld() {
        let replies = state.withLock { state in
            defer { state.heldReplies = [] }
            return state.heldReplies
        }
        for reply in replies { reply.data(.empty) }
    }

    func replace(_ node: NodeID, with replacement: Node) {
        state.withLock { $0.nodes[node] = replacement }
    }
}

extension MemoryFileSystem {
    private func attributes(_ node: NodeID) -> FuseAttributes? {
        let content = state.withLock { $0.nodes[node] }
        guard let content else { return nil }
        var size: UInt64 = 0
        var mode = UInt32(S_IFREG | 0o444)
        switch content {
        case .folder: mode = UInt32(S_IFDIR | 0o555)
        case .file(let bytes): size = UInt64(bytes.count)
        case .backed(let descriptor):
            var status = stat()
            fstat(descriptor, &status)
            size = UInt64(status.st_size)
        case .held: size = 4096
        }
        return FuseAttributes(
            node: node, size: size, mode: mode, modificationTime: -1, changeTime: 1_500_000_000)
    }

    private func entry(_ node: NodeID) -> FuseEntry? {
        attributes(node).map {
            FuseEntry(
                node: node, attributes: $0, entryTimeout: .seconds(3600),
                attributeTimeout: .seconds(3600))
        }
    }

    private func lookup(_ name: String, in folder: NodeID, _ reply: FuseReply) {
        let child = state.withLock { state -> NodeID? in
            state.lookups[name, default: 0] += 1
            guard case .folder(let children) = state.nodes[folder] else { return nil }
            return children.first { $0.name == name }?.node
        }
        guard let child, let entry = entry(child) else {
            return reply.entry(.absent(for: .seconds(3600)))
        }
        reply.entry(entry)
    }

    private func list(_ folder: NodeID, from start: Int, into buffer: inout DirectoryBuffer) {
        let children = state.withLock { state -> [(name: String, node: NodeID)] in
            guard case .folder(let children) = state.nodes[folder] else { return [] }
            return children
        }
        guard start < children.count + 2 else { return }
        for index in start..<children.count + 2 {
            let next = UInt64(index + 1)
            let fits: Bool
            if index < 2 {
                var name = index == 0 ? "." : ".."
                fits = name.withUTF8 {
                    buffer.append(
                        UnsafeRawBufferPointer($0), inode: folder, mode: UInt32(S_IFDIR),
                        next: next)
                }
            } else {
                var name = children[index - 2].name
                guard let entry = entry(children[index - 2].node) else { continue }
                fits = name.withUTF8 {
                    buffer.append(UnsafeRawBufferPointer($0), entry, next: next)
                }
            }
            guard fits else { return }
        }
    }

    private func open(_ node: NodeID, _ reply: FuseReply) {
        let handle = FuseHandle(rawValue: node.rawValue)
        // One backing for each node while it is open, as the kernel demands.
        let backing = state.withLock { state -> BackingID? in
            guard case .backed(let descriptor) = state.nodes[node],
                state.capabilities?.passthrough == true, let session = state.session
            else { return nil }
            if let open = state.backings[node] {
                state.backings[node] = (open.id, open.opens + 1)
                return open.id
            }
            guard let id = try? session.openBacking(descriptor) else { return nil }
            state.backings[node] = (id, 1)
            return id
        }
        let flags: FuseOpenFlags = look { $0.isDirect } ? .directIO : .keepCache
        reply.opened(handle, flags: flags, backing: backing)
    }

    private func release(_ node: NodeID) {
        state.withLock { state in
            guard let open = state.backings[node] else { return }
            guard open.opens == 1 else {
                state.backings[node] = (open.id, open.opens - 1)
                return
            }
            state.backings[node] = nil
            state.session?.closeBacking(open.id)
        }
    }

    private func read(
        _ handle: FuseHandle, _ offset: UInt64, _ size: Int,
        _ scratch: UnsafeMutableRawBufferPointer, _ reply: FuseReply
    ) {
        let content = state.withLock { state in
            state.reads += 1
            return state.nodes[NodeID(rawValue: handle.rawValue)]
        }
        switch content {
        case .file(let bytes):
            let start = min(Int(offset), bytes.count)
            bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { reply.data($0) }
        case .backed(let descriptor):
            let count = pread(descriptor, scratch.baseAddress, size, off_t(offset))
            guard count >= 0 else { return reply.error(EIO) }
            // In two pieces, to take that way too.
            let base = scratch.baseAddress
            let pieces = [
                iovec(iov_base: base, iov_len: count / 2),
                iovec(iov_base: base.map { $0 + count / 2 }, iov_len: count - count / 2),
            ]
            pieces.withUnsafeBufferPointer { reply.data(pieces: $0) }
        case .held:
            state.withLock { $0.heldReplies.append(reply) }
        default:
            reply.error(EIO)
        }
    }
}
