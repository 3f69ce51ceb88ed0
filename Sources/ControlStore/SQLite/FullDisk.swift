internal import GRDB
internal import Glibc
internal import VolumeModel

/// Reading SQLite's databases where their disk is full.
///
/// Whoever opens a database in WAL mode first makes its shared memory, 32 KiB beside it, and so does
/// one who only reads. Where there is no room for that, SQLite can keep the same index in its own
/// memory: with `readonly_shm=1` (sqlite.org/wal.html, "Read-Only WAL-Mode Databases"). It goes on
/// taking SQLite's locks, and goes over to the shared memory once somebody else could make it, so a
/// mount that began on a full disk follows what is published later.
package enum FullDisk {
    /// SQLITE_IOERR_SHMSIZE: the shared memory cannot be made as large as it has to be.
    package static let noSharedMemory: Int32 = 10 | 19 << 8

    /// Bytes that shared memory and a change's first pages need. Below it nobody makes shared memory:
    /// a page of a mapped file for which its file system finds no block is SIGBUS, and where blocks
    /// are smaller than pages (ext4 of less than 512 MiB) SQLite does not reserve all of them.
    private static let room: UInt64 = 128 << 10

    /// Whether next to nothing can be written beside `path`.
    package static func isFull(_ path: String) -> Bool {
        var status = statvfs()
        // A file system without a limit (tmpfs with size=0) counts no blocks at all.
        guard statvfs(parent(of: path), &status) == 0, status.f_blocks > 0 else { return false }
        // Root may use what is kept back for it, but for what ext4 keeps for itself: 2 % of the blocks,
        // at most 4,096 (ext4_calculate_resv_clusters).
        let kept = min(status.f_blocks / 50, 4_096)
        let free =
            geteuid() == 0 && status.f_bfree > kept
            ? max(status.f_bavail, status.f_bfree - kept) : status.f_bavail
        return UInt64(free) * UInt64(status.f_frsize) < room
    }

    /// The database at `path` as a URI for one who reads it without shared memory of his own.
    ///
    /// Debian's SQLite is built with SQLITE_USE_URI; one that is not does not find such a file.
    package static func uri(_ path: String) -> String {
        // SQLite wants the file to be there. It takes an empty one for one that nobody has set up.
        let memory = open("\(path)-shm", O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if memory >= 0 { close(memory) }
        let escaped = path.replacing("%", with: "%25").replacing("?", with: "%3f")
            .replacing("#", with: "%23")
        return "file://\(escaped)?mode=ro&readonly_shm=1"
    }

    /// That a change needs room.
    static func error(_ path: String, cause: (any Error)? = nil) -> PerigeeError {
        PerigeeError(
            .storageFailed, "the disk of the control database \(Printable.quoted(path)) is full",
            remedy: "free some space and try again; nothing was changed", cause: cause)
    }
}

/// A connection to the control database.
struct ControlConnection {
    let queue: DatabaseQueue
    /// Whether it can only read, since the disk was full.
    let isFull: Bool
}
