internal import Glibc
package import Logging

/// One mount: its connection to the kernel and the threads that serve it.
///
/// The order is `mount`, `start`, then `unmount` or the kernel's own end, then `waitUntilFinished`.
/// A process can hold many sessions. Calls that wait block their thread: none belongs on the
/// cooperative pool. While it runs, a session keeps itself and its handler alive.
package final class FuseSession: Sendable {
    enum Phase: Sendable {
        case idle
        case mounting
        case mounted
        case running
        case finished
    }

    struct State: Sendable {
        var phase = Phase.idle
        /// From `mounted` to `finished`.
        var connection: FuseConnection?
        /// Session threads that have not ended.
        var loops = 0
        /// The connection's number, while its mount may be in the tree: also after an abort.
        var attached: UInt32?
    }

    /// The resolved path, or nil where a connection was handed in without one.
    package let mountPoint: String?
    let options: FuseMountOptions
    let threads: Int
    let handler: any FuseHandler
    let logger: Logger
    /// A connection that somebody else has mounted.
    let adopted: FuseChannel?
    /// A descriptor of the caller's, for the passthrough probe.
    let passthroughProbe: Int32?
    let state = Monitor(State())

    /// A session that mounts by itself.
    ///
    /// - Parameters:
    ///   - mountPoint: a folder that exists. A dead mount on it must be detached before
    ///     (`FuseMountTable.detachDead`).
    ///   - threads: 1 to 4, others are brought into that range; nil takes one for each core.
    ///   - passthroughProbe: an open regular file such as those that shall be passed through, which
    ///     stays open until `mount` returns; nil probes with a file in memory.
    /// - Throws: `FuseSessionError` if the mount point cannot be one.
    package init(
        mountPoint: String, options: FuseMountOptions = FuseMountOptions(), threads: Int? = nil,
        handler: any FuseHandler, logger: Logger, passthroughProbe: Int32? = nil
    ) throws {
        self.mountPoint = try FuseMounter.resolve(mountPoint)
        self.options = options
        self.threads = FuseSession.threadCount(threads)
        self.handler = handler
        self.logger = logger
        self.adopted = nil
        self.passthroughProbe = passthroughProbe
    }

    /// A session on a connection that is mounted already, before its INIT.
    ///
    /// - Parameters:
    ///   - descriptor: of /dev/fuse, now owned by the session.
    ///   - mountPoint: absolute and resolved, where known: then `unmount` can detach it.
    package init(
        adopting descriptor: Int32, mountPoint: String? = nil,
        options: FuseMountOptions = FuseMountOptions(), threads: Int? = nil,
        handler: any FuseHandler, logger: Logger, passthroughProbe: Int32? = nil
    ) {
        // The loops block in read: a descriptor that does not would make them spin.
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.mountPoint = mountPoint
        self.options = options
        self.threads = FuseSession.threadCount(threads)
        self.handler = handler
        self.logger = logger
        self.adopted = FuseChannel(owning: descriptor, logger: logger)
        self.passthroughProbe = passthroughProbe
    }

    deinit {
        // Mounted and never started, or aborted: nobody would answer there.
        detach()
    }

    /// What the kernel can do, once mounted; nil before and after.
    package var capabilities: FuseCapabilities? {
        state.read().connection?.capabilities
    }

    private static func threadCount(_ wanted: Int?) -> Int {
        min(max(wanted ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 4)
    }
}
