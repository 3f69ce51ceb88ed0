internal import Glibc
internal import Logging

extension FuseSession {
    /// How an unmount went.
    package enum UnmountOutcome: Sendable {
        /// Every open file was closed in time, or there was none.
        case drained
        /// What was still open was cut off.
        case aborted
        /// The connection is cut, or could not be, and a thread is still inside the handler.
        case stuck
    }

    /// Takes the mount out of the tree, waits for what is open, then cuts off the rest.
    ///
    /// Files that the kernel passes through keep reading even then, until they are closed.
    ///
    /// - Parameters:
    ///   - drain: how long open files may stay open.
    ///   - grace: how long the threads may take after that.
    @discardableResult
    package func unmount(
        drain: Duration = .seconds(5), grace: Duration = .seconds(5)
    ) -> UnmountOutcome {
        let (phase, connection) = state.update { state in
            let seen = (state.phase, state.connection)
            // No thread will ever end these: this call does.
            if state.phase == .idle || state.phase == .mounted {
                state.phase = .finished
                state.connection = nil
            }
            return seen
        }
        detach()
        guard connection != nil else { return phase == .mounting ? .stuck : .drained }
        if phase == .mounted {
            handler.destroyed()
            return .drained
        }
        if waitUntilFinished(timeout: drain) { return .drained }
        logger.warning(
            "Files are still open, cutting them off",
            metadata: ["mountPoint": "\(mountPoint ?? "-")"])
        abort()
        return waitUntilFinished(timeout: grace) ? .aborted : .stuck
    }

    /// Ends the connection at once: callers get ECONNABORTED or ENOTCONN from now on, and the
    /// session threads end. The mount stays in the tree until it is unmounted.
    ///
    /// - Returns: false if the system lets us not, for want of fusectl; then closing what is open
    ///   or ending the process does it.
    @discardableResult
    package func abort() -> Bool {
        guard let connection = state.read().connection else { return true }
        let aborted = connection.abort()
        if !aborted {
            logger.error(
                "Cannot abort the connection",
                metadata: ["connection": "\(connection.number.map { "\($0)" } ?? "unknown")"])
        }
        return aborted
    }

    /// Detaches our own mount, once, and nothing that was mounted over it or in its place.
    func detach() {
        let attached = state.update { state in
            defer { state.attached = nil }
            return state.attached
        }
        guard let mountPoint, let attached else { return }
        do {
            guard let top = try FuseMountTable.topmost(at: mountPoint),
                top.type == "fuse" || top.type.hasPrefix("fuse."), top.minor == attached
            else { return }
            try FuseMountTable.detach(mountPoint)
        } catch {
            logger.error(
                "Cannot unmount",
                metadata: ["mountPoint": "\(mountPoint)", "error": "\(error)"])
        }
    }
}
