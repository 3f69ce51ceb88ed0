internal import CKernel
internal import Glibc
internal import Logging

/// An open descriptor of a connection, closed when nobody needs it any more.
///
/// Replies that are given late hold the channel, so the number can never be that of another file by
/// the time they write.
final class FuseChannel: Sendable {
    let descriptor: Int32
    private let logger: Logger

    /// Takes over `descriptor`.
    init(owning descriptor: Int32, logger: Logger) {
        self.descriptor = descriptor
        self.logger = logger
    }

    deinit {
        close(descriptor)
    }

    /// A further channel of the same connection with a queue position of its own, or nil where the
    /// kernel or the machine (no /dev/fuse) allows none.
    func clone() -> FuseChannel? {
        let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard device >= 0 else { return nil }
        guard perigee_fuse_clone(device, descriptor) >= 0 else {
            close(device)
            return nil
        }
        return FuseChannel(owning: device, logger: logger)
    }

    /// Writes one message.
    ///
    /// - Returns: 0 or the errno.
    func write(_ message: UnsafeBufferPointer<iovec>) -> Int32 {
        while true {
            if writev(descriptor, message.baseAddress, Int32(message.count)) >= 0 { return 0 }
            guard errno == EINTR else { return errno }
        }
    }

    /// Writes a reply.
    ///
    /// ENOENT says that the request was interrupted, ENODEV that the connection has ended: both mean
    /// that nobody waits any more. Another refusal is our own mistake (too much data, say): it is
    /// logged, and the caller gets EIO instead of waiting for ever.
    func reply(_ message: UnsafeBufferPointer<iovec>, to unique: UInt64) {
        let error = write(message)
        guard error != 0, error != ENOENT, error != ENODEV, error != ECONNABORTED else { return }
        logger.error(
            "The kernel refused a reply",
            metadata: ["unique": "\(unique)", "errno": "\(error)", "pieces": "\(message.count)"])
        var header = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size), error: -EIO, unique: unique)
        withUnsafeMutableBytes(of: &header) { bytes in
            let piece = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
            _ = withUnsafePointer(to: piece) {
                write(UnsafeBufferPointer(start: $0, count: 1))
            }
        }
    }
}
