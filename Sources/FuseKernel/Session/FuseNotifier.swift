internal import CKernel
internal import Glibc
internal import Logging

/// Tells the kernel what to forget, in order, from a thread of its own.
///
/// INVAL_ENTRY waits while a LOOKUP in the same folder is under way: sent from a session thread, or
/// with a lock held that the LOOKUP needs, it would deadlock.
final class FuseNotifier: Sendable {
    enum Notification: Sendable, Equatable {
        case entry(parent: NodeID, name: [UInt8], expireOnly: Bool)
        case inode(NodeID, offset: Int64, length: Int64)
        case epoch
    }

    private struct State: Sendable {
        /// What is still to be sent, the next one last.
        var outbox: [Notification] = []
        /// What came since the outbox was filled, the next one first.
        var inbox: [Notification] = []
        /// One is on its way.
        var sending = false
        /// No more are taken; those that were go out.
        var closed = false

        var isIdle: Bool { outbox.isEmpty && inbox.isEmpty && !sending }

        mutating func next() -> Notification? {
            if outbox.isEmpty {
                outbox = inbox.reversed()
                inbox.removeAll(keepingCapacity: true)
            }
            return outbox.popLast()
        }
    }

    private let channel: FuseChannel
    private let logger: Logger
    private let state = Monitor(State())

    init(channel: FuseChannel, logger: Logger) {
        self.channel = channel
        self.logger = logger
    }

    /// Puts it at the end of the queue, unless the queue is closed or already ends with the same.
    func enqueue(_ notification: Notification) {
        state.update { state in
            guard !state.closed, state.inbox.last != notification else { return }
            state.inbox.append(notification)
        }
    }

    /// Puts bytes into a node's pages, on this thread and beside the queue.
    ///
    /// - Returns: whether the kernel took them.
    func store(_ node: NodeID, offset: UInt64, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let size = MemoryLayout<StoreHead>.size + bytes.count
        var head = StoreHead(
            header: fuse_out_header(
                len: UInt32(size), error: Int32(FUSE_NOTIFY_STORE.rawValue), unique: 0),
            store: fuse_notify_store_out(
                nodeid: node.rawValue, offset: offset, size: UInt32(bytes.count), padding: 0))
        return withUnsafeMutableBytes(of: &head) { head in
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { message in
                message[0] = iovec(iov_base: head.baseAddress, iov_len: head.count)
                message[1] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    iov_len: bytes.count)
                return channel.write(UnsafeBufferPointer(message)) == 0
            }
        }
    }

    /// What precedes the bytes of a store: 16 and 24 bytes, without a gap.
    private struct StoreHead {
        var header: fuse_out_header
        var store: fuse_notify_store_out
    }

    /// Lets `run` return once the queue is empty.
    func close() {
        state.update { $0.closed = true }
    }

    /// Waits until everything is sent.
    ///
    /// - Returns: false if the time ran out.
    func drain(timeout: Duration) -> Bool {
        state.wait(timeout: timeout) { $0.isIdle ? true : nil } ?? false
    }

    /// The body of the notification thread.
    func run() {
        while let notification = nextNotification() {
            let error = send(notification)
            state.update { $0.sending = false }
            // ENOENT: the kernel knows no such node or name. ENODEV, ENOTCONN: the mount has ended.
            guard error != 0, error != ENOENT, error != ENODEV, error != ENOTCONN else { continue }
            logger.warning(
                "The kernel refused a notification",
                metadata: ["notification": "\(notification)", "errno": "\(error)"])
        }
    }

    private func nextNotification() -> Notification? {
        let step: Notification?? = state.wait(timeout: nil) { state in
            if let notification = state.next() {
                state.sending = true
                return .some(.some(notification))
            }
            return state.closed ? .some(.none) : nil
        }
        return step ?? nil
    }

    private func send(_ notification: Notification) -> Int32 {
        switch notification {
        case .entry(let parent, let name, let expireOnly):
            var output = fuse_notify_inval_entry_out()
            output.parent = parent.rawValue
            output.namelen = UInt32(name.count)
            output.flags = expireOnly ? UInt32(FUSE_EXPIRE_ONLY) : 0
            // The name ends with a NUL that its length does not count.
            return withUnsafeBytes(of: output) {
                send(Int32(FUSE_NOTIFY_INVAL_ENTRY.rawValue), [UInt8]($0) + name + [0])
            }
        case .inode(let node, let offset, let length):
            let output = fuse_notify_inval_inode_out(ino: node.rawValue, off: offset, len: length)
            return withUnsafeBytes(of: output) {
                send(Int32(FUSE_NOTIFY_INVAL_INODE.rawValue), [UInt8]($0))
            }
        case .epoch:
            return send(perigee_fuse_notify_inc_epoch, [])
        }
    }

    private func send(_ code: Int32, _ payload: [UInt8]) -> Int32 {
        // A notification is a reply to nobody: `unique` is 0 and the error field holds the code.
        let header = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size + payload.count), error: code, unique: 0)
        var message = withUnsafeBytes(of: header) { [UInt8]($0) } + payload
        return message.withUnsafeMutableBytes { bytes in
            let piece = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
            return withUnsafePointer(to: piece) {
                channel.write(UnsafeBufferPointer(start: $0, count: 1))
            }
        }
    }
}
