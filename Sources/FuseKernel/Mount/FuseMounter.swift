internal import CFuse3
internal import Glibc
internal import Synchronization

/// Mounts through libfuse, which knows fusermount3 and /etc/fuse.conf. The protocol is our own.
enum FuseMounter {
    /// The path as the mount table will show it.
    ///
    /// - Throws: `FuseSessionError` if it is missing, dead or not a folder.
    static func resolve(_ mountPoint: String) throws -> String {
        guard let pointer = realpath(mountPoint, nil) else {
            throw FuseSessionError(.mountPoint, mountPoint, errno: errno)
        }
        defer { free(pointer) }
        var status = stat()
        guard stat(pointer, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw FuseSessionError(.mountPoint, mountPoint, errno: ENOTDIR)
        }
        return String(cString: pointer)
    }

    /// Mounts, and returns the connection's descriptor, which is the caller's to close.
    ///
    /// - Throws: `FuseSessionError` with what libfuse said.
    static func mount(at mountPoint: String, options: FuseMountOptions) throws -> Int32 {
        // libfuse has one log function for the process: for this turn it is ours.
        try turn.withLock { _ in
            said.withLock { $0 = "" }
            // A closure, since va_list is optional on some architectures only.
            fuse_set_log_func { _, format, arguments in recordMessage(format, arguments) }
            defer { fuse_set_log_func(nil) }
            let words = ["perigee", "-o", options.mountArgument]
            var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            defer { for pointer in pointers { free(pointer) } }
            let count = Int32(words.count)
            return try pointers.withUnsafeMutableBufferPointer { pointers in
                var arguments = fuse_args(argc: count, argv: pointers.baseAddress, allocated: 0)
                defer { fuse_opt_free_args(&arguments) }
                // No operations: libfuse never reads a request.
                var operations = fuse_lowlevel_ops()
                let size = MemoryLayout<fuse_lowlevel_ops>.size
                guard let session = fuse_session_new(&arguments, &operations, size, nil) else {
                    throw FuseSessionError(.mount, "libfuse refuses the options\(lastMessage())")
                }
                // The descriptor is duplicated below, so libfuse's own can go with its session,
                // which leaves the mount alone.
                defer { fuse_session_destroy(session) }
                guard fuse_session_mount(session, mountPoint) == 0 else {
                    throw FuseSessionError(.mount, "libfuse refuses\(lastMessage())")
                }
                let descriptor = fcntl(fuse_session_fd(session), F_DUPFD_CLOEXEC, 3)
                guard descriptor >= 0 else {
                    let error = errno
                    fuse_session_unmount(session)
                    throw FuseSessionError(
                        .mount, "cannot keep the connection's descriptor", errno: error)
                }
                return descriptor
            }
        }
    }

    /// One mount at a time.
    private static let turn = Mutex(())

    private static func lastMessage() -> String {
        let message = said.withLock { $0 }
        return message.isEmpty ? "" : ": " + message
    }
}

/// What libfuse said last, in the turn of the caller of `mount`.
private let said = Mutex("")

private func recordMessage(_ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?) {
    guard let format, let arguments else { return }
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        guard let base = buffer.baseAddress,
            vsnprintf(base, buffer.count, format, arguments) >= 0
        else { return "" }
        return String(cString: base)
    }
    let line = text.split(separator: "\n").joined(separator: " ")
    said.withLock { $0 = line }
}
