internal import Glibc
package import VolumeModel

extension PerigeeError.Code {
    /// What a system call on a mount fails with: the one table from errors to errno.
    ///
    /// ESTALE makes the kernel look the path up again once, so what is merely renamed, or gone with
    /// a revision, is found or reported absent by its name.
    package var errno: Int32 {
        switch self {
        case .notFound: ENOENT
        case .accessDenied: EACCES
        case .notADirectory: ENOTDIR
        case .isADirectory: EISDIR
        case .nameTooLong: ENAMETOOLONG
        case .invalidArgument: EINVAL
        case .readOnly: EROFS
        case .stale: ESTALE
        // The gateway's own rights at the origin, not the caller's: EACCES would send the reader
        // to ask for a permission that he has.
        case .originDenied: EIO
        case .unverified: EIO
        case .originUnavailable: EIO
        // The mount's own table is full, not the caller's: EMFILE would send him to his ulimit.
        case .tooManyOpen: ENFILE
        case .timedOut: EIO
        case .cancelled: EINTR
        case .storageFailed: EIO
        case .corrupt: EIO
        case .newerFormat: EIO
        case .busy: EBUSY
        case .conflict: EBUSY
        }
    }
}

/// What operations fail with that a read-only file system does not have.
enum RefusedOperation {
    /// Whatever would change something.
    static let mutating = EROFS
    /// Links are resolved before they are shown, so nothing is a link.
    static let readlink = EINVAL
    /// No such attribute.
    static let noAttribute = ENODATA
    /// The attribute is larger than the caller's memory.
    static let attributeTooLarge = ERANGE
    /// A control command of somebody else.
    static let control = ENOTTY
    /// What this program does not know, and what the kernel then does by itself.
    static let unknown = ENOSYS
}

/// What requests fail with that did not get so far as to have an error of their own.
enum UnfinishedRequest {
    case interrupted
    case timedOut
    case ended

    var errno: Int32 {
        switch self {
        case .interrupted: EINTR
        case .timedOut: EIO
        case .ended: ENOTCONN
        }
    }
}
