internal import CKernel
package import Glibc

/// The way to answer one request, now or later and from any thread, exactly once.
///
/// An answer after the first is ignored by the kernel; a request that is never answered leaves its
/// caller waiting. A value holds the descriptor that the request came from, so that the answer goes
/// out there even when the session has ended.
package struct FuseReply: Sendable {
    /// The request that is answered.
    package let unique: UInt64
    private let channel: FuseChannel

    init(unique: UInt64, channel: FuseChannel) {
        self.unique = unique
        self.channel = channel
    }

    /// Answers with an errno of 1 to 511; any other value counts as EIO, since the kernel would
    /// refuse it and leave the caller waiting.
    package func error(_ errno: Int32) {
        send(error: (1...511).contains(errno) ? errno : EIO)
    }

    /// Success with nothing to tell: RELEASE, FLUSH, ACCESS, FSYNC, DESTROY.
    package func done() {
        send(error: 0)
    }

    /// FORGET and BATCH_FORGET take no answer; this says so where one would stand.
    package func none() {}

    /// LOOKUP.
    package func entry(_ entry: FuseEntry) {
        send(entry.wire)
    }

    /// GETATTR: valid for `timeout`.
    package func attributes(_ attributes: FuseAttributes, timeout: FuseTimeout) {
        var output = fuse_attr_out()
        output.attr_valid = timeout.seconds
        output.attr_valid_nsec = timeout.nanoseconds
        output.attr = attributes.wire
        send(output)
    }

    /// OPEN and OPENDIR.
    ///
    /// With `backing` the kernel reads the backing file itself; flags that it would refuse beside
    /// that (`keepCache`, for one) are left out.
    package func opened(
        _ handle: FuseHandle, flags: FuseOpenFlags = [], backing: BackingID? = nil
    ) {
        var output = perigee_fuse_open_out()
        output.fh = handle.rawValue
        output.open_flags = flags.rawValue
        if let backing {
            output.open_flags =
                flags.intersection(.allowedWithBacking).rawValue | perigee_fuse_open_passthrough
            output.backing_id = backing.rawValue
        }
        send(output)
    }

    /// READ, GETXATTR, LISTXATTR: at most the size that was asked for.
    package func data(_ bytes: UnsafeRawBufferPointer) {
        send(error: 0, bytes, .empty)
    }

    /// READ from up to 1,023 pieces of memory that together have at most the size asked for.
    package func data(pieces: UnsafeBufferPointer<iovec>) {
        let headerSize = MemoryLayout<fuse_out_header>.size
        let total = pieces.reduce(headerSize) { $0 + $1.iov_len }
        var header = fuse_out_header(len: UInt32(clamping: total), error: 0, unique: unique)
        withUnsafeMutableBytes(of: &header) { header in
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: pieces.count + 1) { message in
                message[0] = iovec(iov_base: header.baseAddress, iov_len: header.count)
                for index in pieces.indices { message[index + 1] = pieces[index] }
                channel.reply(UnsafeBufferPointer(message), to: unique)
            }
        }
    }

    /// READDIR and READDIRPLUS; an empty buffer says that the listing is at its end.
    package func directory(_ buffer: borrowing DirectoryBuffer) {
        data(buffer.bytes)
    }

    /// READLINK: the target, 1 to 4,095 bytes.
    package func readlink(_ target: UnsafeRawBufferPointer) {
        data(target)
    }

    /// STATFS.
    package func statfs(_ statistics: FuseStatistics) {
        var output = fuse_statfs_out()
        output.st.blocks = statistics.blocks
        output.st.bfree = statistics.freeBlocks
        output.st.bavail = statistics.freeBlocks
        output.st.files = statistics.files
        output.st.bsize = statistics.blockSize
        output.st.namelen = statistics.nameLength
        output.st.frsize = statistics.fragmentSize
        send(output)
    }

    /// GETXATTR and LISTXATTR that asked with size 0: how many bytes there are.
    package func xattrSize(_ size: UInt32) {
        send(fuse_getxattr_out(size: size, padding: 0))
    }

    /// IOCTL: what the call returns, and at most the request's `outputSize` bytes.
    package func ioctl(result: Int32, _ bytes: UnsafeRawBufferPointer = .empty) {
        send(fuse_ioctl_out(result: result, flags: 0, in_iovs: 0, out_iovs: 0), bytes)
    }

    /// LSEEK: the offset found, in bytes.
    package func lseek(_ offset: UInt64) {
        send(fuse_lseek_out(offset: offset))
    }

    /// STATX: the attributes, and the birth time in nanoseconds since the epoch where it is known.
    package func statx(_ attributes: FuseAttributes, birthTime: Int64?, timeout: FuseTimeout) {
        send(StatxAnswer(attributes, birthTime: birthTime, timeout: timeout).wire)
    }

    private func send<Payload: BitwiseCopyable>(
        _ payload: Payload, _ bytes: UnsafeRawBufferPointer = .empty
    ) {
        withUnsafeBytes(of: payload) { send(error: 0, $0, bytes) }
    }

    private func send(
        error: Int32, _ first: UnsafeRawBufferPointer = .empty,
        _ second: UnsafeRawBufferPointer = .empty
    ) {
        var header = fuse_out_header(
            len: UInt32(
                clamping: MemoryLayout<fuse_out_header>.size + first.count + second.count),
            error: -error, unique: unique)
        withUnsafeMutableBytes(of: &header) { header in
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: 3) { message in
                message[0] = iovec(iov_base: header.baseAddress, iov_len: header.count)
                message[1] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress),
                    iov_len: first.count)
                message[2] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress),
                    iov_len: second.count)
                let pieces = second.isEmpty ? (first.isEmpty ? 1 : 2) : 3
                channel.reply(
                    UnsafeBufferPointer(rebasing: message[..<pieces]), to: unique)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// No bytes.
    package static var empty: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
