internal import CKernel
internal import Glibc
internal import Logging

/// Reads requests from one channel and gives them to the handler, until the connection ends.
struct FuseLoop: Sendable {
    /// The size of a request buffer: above the kernel's minimum of 8 KiB plus the largest write, so
    /// that one BATCH_FORGET carries some 4,000 nodes.
    static let requestSize = 64 << 10

    let channel: FuseChannel
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
        while true {
            let count = read(channel.descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                serve(UnsafeRawBufferPointer(rebasing: buffer[..<count]), scratch)
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

    private func serve(_ bytes: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawBufferPointer) {
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
            return
        }
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
    }
}
