internal import CKernel
internal import Dispatch
internal import Glibc
internal import Logging

/// Reads requests from one channel and gives them to the handler, until the connection ends.
struct FuseLoop: Sendable {
    /// The size of a request buffer: above the kernel's minimum of 8 KiB plus the largest write, so
    /// that one BATCH_FORGET carries some 4,000 nodes.
    static let requestSize = 64 << 10

    let channel: FuseChannel
    /// Held by the one thread that waits for requests.
    ///
    /// The kernel wakes waiting threads in turn, so that with several waiting each request of a
    /// single reader goes to another core: that cost 40 to 100 us of 50 to 150. The thread with the
    /// turn answers what is quick itself and keeps the turn; it passes the turn on before a request
    /// that takes longer than a wake-up, or where more are waiting.
    let turn: DispatchSemaphore
    let handler: any FuseHandler
    /// The largest answer in bytes.
    let maximumRead: Int
    let logger: Logger

    /// The body of a session thread.
    func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: FuseLoop.requestSize, alignment: 4096)
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: maximumRead, alignment: 4096)
        defer {
            buffer.deallocate()
            scratch.deallocate()
        }
        var hasTurn = false
        defer { if hasTurn { turn.signal() } }
        while true {
            if !hasTurn { turn.wait() }
            hasTurn = true
            let count = read(channel.descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                hasTurn = serve(UnsafeRawBufferPointer(rebasing: buffer[..<count]), scratch)
                continue
            }
            switch count < 0 ? errno : ENODEV {
            // ENOENT: the request was interrupted before it could be read.
            case EINTR, EAGAIN, ENOENT:
                continue
            // Unmounted, or aborted.
            case ENODEV, ECONNABORTED:
                return
            case let error:
                logger.error("Cannot read from the kernel", metadata: ["errno": "\(error)"])
                return
            }
        }
    }

    /// - Returns: whether this thread still has the turn.
    private func serve(
        _ bytes: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let request: FuseRequest
        do throws(MalformedFuseRequest) {
            request = try FuseRequest(decoding: bytes, scratch: scratch)
        } catch {
            logger.error(
                "Malformed request",
                metadata: ["opcode": "\(error.opcode)", "bytes": "\(bytes.count)"])
            if let unique = error.unique {
                FuseReply(unique: unique, channel: channel).error(error.error)
            }
            return true
        }
        let passes = passesTurn(request.operation)
        if passes { turn.signal() }
        switch request.operation {
        case .interrupt(let unique):
            handler.interrupted(unique: unique)
        case .notifyReply:
            break
        case .destroy:
            FuseReply(unique: request.unique, channel: channel).done()
        default:
            handler.handle(request, FuseReply(unique: request.unique, channel: channel))
        }
        return !passes
    }

    /// Whether a request may take longer than it takes to wake another thread.
    private func passesTurn(_ operation: borrowing FuseOperation) -> Bool {
        switch operation {
        case .read(_, _, let size) where size > FuseLoop.quickRead: true
        case .read, .open, .lookup, .readdir, .readdirplus, .getxattr, .ioctl: isMoreWaiting()
        default: false
        }
    }

    private func isMoreWaiting() -> Bool {
        var state = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLIN) != 0
    }

    /// Reads of up to so many bytes take less time than to wake another thread.
    private static let quickRead: UInt32 = 32 << 10
}
