internal import Glibc

/// Why the cache's own disk did not do what it was asked.
enum DiskFault: Error, Hashable {
    /// A system call failed.
    case system(Int32)
    /// Other processes hold the files for longer than is worth waiting.
    case busy
    /// The version's names are too long for a map, or a later format has its place.
    case unsuitable

    /// Whether the disk has no room: nothing is broken, and room comes with eviction.
    var isFull: Bool {
        self == .system(ENOSPC) || self == .system(EDQUOT) || self == .system(EFBIG)
    }

    /// Whether it says something of the disk's health.
    var isDiskError: Bool {
        switch self {
        case .system(let code): !isFull && code != EMFILE && code != ENFILE
        case .busy, .unsuitable: false
        }
    }
}
