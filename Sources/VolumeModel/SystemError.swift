internal import Glibc

/// An errno of the operating system, as the cause of a `PerigeeError`.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The value as `<errno.h>` has it, positive.
    package let errno: Int32

    /// Wraps an errno; a negated one, as the C shims return, is turned round.
    package init(_ errno: Int32) {
        self.errno = errno < 0 ? -errno : errno
    }

    /// The C library's words for it. glibc's `strerror` is thread-safe since 2.32.
    package var description: String {
        String(cString: strerror(errno))
    }
}
