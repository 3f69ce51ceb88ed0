internal import Glibc

/// Why a session could not be set up or used.
package struct FuseSessionError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is.
    package enum Code: Sendable {
        /// The mount point is missing, not a folder, or not ours to mount on.
        case mountPoint
        /// The system refused to mount, or to unmount.
        case mount
        /// The kernel's protocol is older than 7.31 (Linux 5.4) or not version 7.
        case kernelTooOld
        /// The kernel did not begin with INIT, or not within the deadline.
        case handshake
        /// No thread could be started.
        case thread
        /// The session is not in the state that the call needs.
        case state
        /// The kernel refused a backing file: EPERM without CAP_SYS_ADMIN, ELOOP where the file
        /// lies on a stacked file system (overlayfs), EOPNOTSUPP where it cannot be read directly.
        case backing
    }

    /// What kind of failure it is.
    package let code: Code
    /// What was tried, on what.
    package let message: String
    /// What the system said, where it was a call that failed.
    package let errno: Int32?

    init(_ code: Code, _ message: String, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The message, with the system's word where there is one.
    package var description: String {
        guard let errno else { return message }
        return "\(message): \(String(cString: strerror(errno)))"
    }
}
