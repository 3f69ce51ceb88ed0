internal import CKernel
internal import Glibc

/// The exchange of INIT that opens a connection.
struct FuseHandshake {
    /// The newest protocol that is spoken.
    static let newestMinor: UInt32 = 44
    /// Linux 5.4: the oldest kernel that has all the flags a mount relies on.
    static let oldestMinor: UInt32 = 31
    /// The largest READ in bytes, the kernel's default limit for pages of 4 KiB.
    static let maximumRead = 1 << 20
    /// Nothing is written, so the smallest that the kernel takes.
    static let maximumWrite = 4096

    let options: FuseMountOptions

    /// Reads INIT from the channel and answers it.
    ///
    /// - Throws: `FuseSessionError` if the kernel is too old or begins with something else.
    func perform(on channel: FuseChannel) throws -> FuseCapabilities {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: FuseLoop.requestSize, alignment: 4096)
        defer { buffer.deallocate() }
        // Twice: to a kernel of a newer major version the first answer is only "7".
        for _ in 0..<2 {
            let bytes = try request(from: channel, into: buffer)
            let header = bytes.loadUnaligned(as: fuse_in_header.self)
            let payload = UnsafeRawBufferPointer(
                rebasing: bytes[MemoryLayout<fuse_in_header>.size...])
            guard header.opcode == FuseOpcode.initialize.rawValue, payload.count >= 16 else {
                throw FuseSessionError(.handshake, "the kernel did not begin with INIT")
            }
            let input = FuseHandshake.input(payload)
            if input.major > 7 {
                var output = perigee_fuse_init_out()
                output.major = 7
                output.minor = FuseHandshake.newestMinor
                answer(output, to: header.unique, on: channel)
                continue
            }
            guard input.major == 7, input.minor >= FuseHandshake.oldestMinor else {
                FuseReply(unique: header.unique, channel: channel).error(EPROTO)
                throw FuseSessionError(
                    .kernelTooOld,
                    "the kernel speaks FUSE \(input.major).\(input.minor); "
                        + "7.\(FuseHandshake.oldestMinor) (Linux 5.4) is needed")
            }
            let (output, capabilities) = negotiate(input)
            answer(output, to: header.unique, on: channel)
            return capabilities
        }
        throw FuseSessionError(.handshake, "the kernel does not take version 7 of the protocol")
    }

    /// What to answer to the kernel's INIT, and what both then agree on.
    func negotiate(
        _ input: perigee_fuse_init_in
    ) -> (output: perigee_fuse_init_out, capabilities: FuseCapabilities) {
        let offered = UInt64(input.flags) | UInt64(input.flags2) << 32
        var wanted = FuseHandshake.flags
        if options.exportSupport { wanted |= UInt64(FUSE_EXPORT_SUPPORT) }
        if !options.alwaysReaddirplus { wanted |= UInt64(FUSE_READDIRPLUS_AUTO) }
        if options.passthrough { wanted |= perigee_fuse_init_passthrough }
        let agreed = offered & wanted
        let minor = min(input.minor, FuseHandshake.newestMinor)
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let pages = max(1, FuseHandshake.maximumRead / pageSize)

        var output = perigee_fuse_init_out()
        output.major = 7
        output.minor = minor
        output.max_readahead = input.max_readahead
        output.flags = UInt32(truncatingIfNeeded: agreed)
        output.flags2 = UInt32(truncatingIfNeeded: agreed >> 32)
        // Read-ahead in flight: the kernel's 12 starve parallel readers of slow origins.
        output.max_background = 64
        output.congestion_threshold = 48
        output.max_write = UInt32(FuseHandshake.maximumWrite)
        output.time_gran = 1
        output.max_pages = UInt16(pages)
        // 1: a backing file must not lie on a stacked file system itself.
        output.max_stack_depth = agreed & perigee_fuse_init_passthrough != 0 ? 1 : 0

        let capabilities = FuseCapabilities(
            kernelMinor: input.minor, minor: minor, maximumReadAhead: input.max_readahead,
            maximumRead: UInt32(pages * pageSize),
            hasReaddirplus: agreed & UInt64(FUSE_DO_READDIRPLUS) != 0,
            hasParallelDirectoryOperations: agreed & UInt64(FUSE_PARALLEL_DIROPS) != 0,
            hasEpoch: input.minor >= 44,
            hasExpireOnly: offered & perigee_fuse_init_expire_only != 0,
            passthrough: agreed & perigee_fuse_init_passthrough != 0, passthroughError: nil)
        return (output, capabilities)
    }

    /// What is asked for where the kernel offers it. Not among them: NO_OPEN_SUPPORT (each open is
    /// a check of rights), AUTO_INVAL_DATA (a node is one version of a file, and what changes is
    /// invalidated explicitly).
    private static let flags: UInt64 = [
        FUSE_ASYNC_READ, FUSE_PARALLEL_DIROPS, FUSE_DO_READDIRPLUS,
        FUSE_ASYNC_DIO, FUSE_EXPLICIT_INVAL_DATA, FUSE_ABORT_ERROR, FUSE_MAX_PAGES,
        FUSE_HAS_IOCTL_DIR, FUSE_INIT_EXT,
    ].reduce(perigee_fuse_init_expire_only) { $0 | UInt64($1) }

    /// Kernels before 7.36 send the first 16 bytes only.
    private static func input(_ payload: UnsafeRawBufferPointer) -> perigee_fuse_init_in {
        var input = perigee_fuse_init_in()
        withUnsafeMutableBytes(of: &input) { input in
            let count = min(input.count, payload.count)
            input.copyMemory(from: UnsafeRawBufferPointer(rebasing: payload[..<count]))
        }
        if input.flags & UInt32(FUSE_INIT_EXT) == 0 { input.flags2 = 0 }
        return input
    }

    private func request(
        from channel: FuseChannel, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> UnsafeRawBufferPointer {
        let deadline = ContinuousClock.now + options.handshakeTimeout
        while true {
            let left = max(deadline - .now, .zero).components
            var state = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = Int32(
                clamping: left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000)
            let ready = poll(&state, 1, milliseconds)
            if ready == 0 {
                throw FuseSessionError(.handshake, "the kernel did not begin in time")
            }
            let count = ready < 0 ? -1 : read(channel.descriptor, buffer.baseAddress, buffer.count)
            if count >= MemoryLayout<fuse_in_header>.size {
                return UnsafeRawBufferPointer(rebasing: buffer[..<count])
            }
            guard count < 0, errno == EINTR || errno == EAGAIN || errno == ENOENT else {
                throw FuseSessionError(
                    .handshake, "cannot read the kernel's INIT", errno: count < 0 ? errno : EIO)
            }
        }
    }

    private func answer(
        _ output: perigee_fuse_init_out, to unique: UInt64, on channel: FuseChannel
    ) {
        withUnsafeBytes(of: output) { FuseReply(unique: unique, channel: channel).data($0) }
    }
}
