internal import CKernel
internal import Glibc
internal import Logging

/// A connection to the kernel that is open: its main descriptor, its notifications, its number.
struct FuseConnection: Sendable {
    let channel: FuseChannel
    let notifier: FuseNotifier
    /// The connection's name in fusectl, the minor device number of the mount; nil if unknown.
    let number: UInt32?
    let capabilities: FuseCapabilities

    /// Whether the kernel has neither unmounted nor aborted it.
    var isAlive: Bool {
        var state = pollfd(fd: channel.descriptor, events: 0, revents: 0)
        return poll(&state, 1, 0) >= 0 && Int32(state.revents) & POLLERR == 0
    }

    /// Ends it at once: requests under way fail, the loops end.
    ///
    /// It is written to fusectl, which is found even where nobody mounted it if this is root.
    ///
    /// - Returns: whether the connection is ended now.
    func abort() -> Bool {
        // A number is used again once its mount is gone: an ended connection must not abort its
        // successor.
        guard isAlive else { return true }
        guard let number else { return false }
        if FuseConnection.order("/sys/fs/fuse/connections/\(number)/abort", in: AT_FDCWD) {
            return true
        }
        let control = perigee_fuse_open_control()
        guard control >= 0 else { return false }
        defer { close(control) }
        return FuseConnection.order("\(number)/abort", in: control)
    }

    private static func order(_ path: String, in folder: Int32) -> Bool {
        let file = openat(folder, path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return Glibc.write(file, "1", 1) == 1
    }

    /// The number of the connection of `channel`.
    ///
    /// Newer kernels tell it of the descriptor itself; for others the mount table is asked. Neither
    /// touches the mount, which cannot answer yet.
    static func number(of channel: FuseChannel, mountPoint: String?) -> UInt32? {
        if let text = try? FuseMountTable.contents(of: "/proc/self/fdinfo/\(channel.descriptor)"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("fuse_connection:") }
            )
        {
            let value = line.dropFirst("fuse_connection:".count).drop { $0 == "\t" || $0 == " " }
            if let number = UInt32(value) { return number }
        }
        return mountPoint.flatMap { try? FuseMountTable.topmost(at: $0)?.minor }
    }

    /// Registers a descriptor as a backing file of the connection of `channel`.
    ///
    /// - Throws: `FuseSessionError` with code `backing` and the errno.
    static func openBacking(_ descriptor: Int32, on channel: FuseChannel) throws -> BackingID {
        let result = perigee_fuse_backing_open(channel.descriptor, descriptor)
        guard result > 0 else {
            throw FuseSessionError(
                .backing, "the kernel refused the backing file", errno: result == 0 ? EIO : -result)
        }
        return BackingID(rawValue: result)
    }

    static func closeBacking(_ backing: BackingID, on channel: FuseChannel) {
        _ = perigee_fuse_backing_close(channel.descriptor, backing.rawValue)
    }

    /// Tries a backing file, since what INIT agreed on does not tell whether we may use it.
    ///
    /// - Returns: nil if it works, else the errno (EPERM without CAP_SYS_ADMIN).
    static func probePassthrough(on channel: FuseChannel, probe: Int32?) -> Int32? {
        let file = probe ?? perigee_fuse_anonymous_file()
        guard file >= 0 else { return -file }
        defer { if probe == nil { close(file) } }
        let result = perigee_fuse_backing_open(channel.descriptor, file)
        guard result > 0 else { return result == 0 ? EIO : -result }
        _ = perigee_fuse_backing_close(channel.descriptor, result)
        return nil
    }
}
