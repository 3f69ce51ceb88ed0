internal import Glibc

/// What a killed daemon leaves behind: a mount on which every call fails with ENOTCONN.
extension FuseMountTable {
    /// How a mount answers.
    package enum Health: Sendable {
        /// Nothing of our type is mounted there.
        case notMounted
        case alive
        /// Its daemon is gone.
        case dead
        /// Its daemon did not answer within the deadline.
        case unresponsive
    }

    /// Asks the mount at a path, if it is of our type.
    ///
    /// statvfs(3) is the question, since the kernel never answers it from a cache. It is asked on a
    /// thread of its own, which waits on when this has given up.
    ///
    /// - Parameters:
    ///   - path: any path of the mount point.
    ///   - type: the file system type that counts.
    ///   - timeout: how long a daemon may take to answer.
    /// - Throws: `FuseSessionError` if /proc cannot be read or no thread started.
    package static func health(
        at path: String, type: String = "fuse.perigee", timeout: Duration = .seconds(2)
    ) throws -> Health {
        guard let mountPoint = location(of: path), try topmost(at: mountPoint)?.type == type else {
            return .notMounted
        }
        let answer = Monitor<Int32?>(nil)
        try FuseThread.start("perigee-probe") {
            var statistics = statvfs()
            let error = statvfs(mountPoint, &statistics) == 0 ? 0 : errno
            answer.update { $0 = error }
        }
        guard let error = answer.wait(timeout: timeout, for: { $0 }) else { return .unresponsive }
        // Another errno (EACCES to a stranger, EIO) comes from a daemon or a kernel that is there.
        return error == ENOTCONN || error == ECONNABORTED ? .dead : .alive
    }

    /// Detaches dead mounts of our type from a path, so that it can be mounted on again.
    ///
    /// - Returns: how many there were.
    /// - Throws: `FuseSessionError` if one cannot be detached.
    @discardableResult
    package static func detachDead(
        at path: String, type: String = "fuse.perigee"
    ) throws -> Int {
        guard let mountPoint = location(of: path) else { return 0 }
        var count = 0
        // Several can be stacked; the bound is against a table that does not change.
        while count < 64, try health(at: mountPoint, type: type) == .dead {
            try detach(mountPoint)
            count += 1
        }
        return count
    }

    /// A path as the table shows it, found without touching what it leads to, which may be dead: the
    /// folder above is resolved, and the last name kept as it is.
    ///
    /// - Returns: nil if there is no folder above.
    package static func location(of path: String) -> String? {
        let names = path.split(separator: "/")
        guard let last = names.last else { return path.isEmpty ? nil : "/" }
        let isName = last != "." && last != ".."
        let above = names.dropLast().joined(separator: "/")
        let start = path.hasPrefix("/") ? "/" : "./"
        guard let pointer = realpath(isName ? start + above : path, nil) else { return nil }
        defer { free(pointer) }
        let folder = String(cString: pointer)
        guard isName else { return folder }
        return folder == "/" ? "/" + last : folder + "/" + last
    }

    /// Takes the uppermost mount off a path, lazily: open files stay open, new ones find what lies
    /// below.
    ///
    /// - Throws: `FuseSessionError` if neither the kernel nor fusermount3 does it.
    package static func detach(_ mountPoint: String) throws {
        if umount2(mountPoint, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 {
            return
        }
        let refusal = errno
        guard refusal == EPERM else {
            throw FuseSessionError(.mount, "cannot unmount \(mountPoint)", errno: refusal)
        }
        guard try run("fusermount3", "-u", "-q", "-z", "--", mountPoint) == 0 else {
            throw FuseSessionError(.mount, "fusermount3 ended with an error")
        }
    }

    /// Ends the connection of the uppermost mount on a path: whatever waits for its daemon fails.
    ///
    /// For one whose daemon was killed and cannot end: a thread of it may wait for a page whose reader
    /// waits for the daemon (`FUSE_NOTIFY_INVAL_INODE` locks pages).
    package static func abort(_ mountPoint: String) {
        // The connection has ended even where this says that the mount is in use.
        _ = umount2(mountPoint, Int32(MNT_FORCE | UMOUNT_NOFOLLOW))
    }

    /// Takes the uppermost mount off a path, unless it is in use.
    ///
    /// - Throws: `FuseSessionError` with EBUSY where it is in use, as `detach` otherwise.
    package static func unmount(_ mountPoint: String) throws {
        if umount2(mountPoint, Int32(UMOUNT_NOFOLLOW)) == 0 { return }
        let refusal = errno
        guard refusal == EPERM else {
            throw FuseSessionError(.mount, "cannot unmount \(mountPoint)", errno: refusal)
        }
        guard try run("fusermount3", "-u", "-q", "--", mountPoint) == 0 else {
            // It says why in words only; being in use is all that an owner can mend.
            throw FuseSessionError(.mount, "fusermount3 cannot unmount \(mountPoint)", errno: EBUSY)
        }
    }

    /// Runs a program and waits for it.
    ///
    /// - Returns: its exit status, or 128 if a signal ended it.
    private static func run(_ program: String, _ arguments: String...) throws -> Int32 {
        let words = [program] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid = pid_t()
        let error = posix_spawnp(&pid, program, nil, nil, &pointers, environ)
        guard error == 0 else {
            throw FuseSessionError(.mount, "cannot run \(program)", errno: error)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else {
                throw FuseSessionError(.mount, "cannot wait for \(program)", errno: errno)
            }
        }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128
    }
}
