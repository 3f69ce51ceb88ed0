internal import FuseKernel
internal import Glibc
package import VolumeModel

extension MountPoint {
    /// Takes the uppermost mount of ours off `path`, and waits until it is gone. Blocks, for a few
    /// seconds where its daemon does not answer.
    ///
    /// - Parameter isLazy: also where it is in use or does not answer; open files stay readable until
    ///   their daemon ends.
    /// - Returns: the process that does not answer and is left behind by a lazy unmount, or nil.
    /// - Throws: `.notFound` where no mount of ours is there, `.busy` where it is in use, `.timedOut`
    ///   where its daemon does not answer, `.accessDenied` where somebody else mounted it.
    @discardableResult
    package static func unmount(
        _ path: String, lazily isLazy: Bool
    ) throws(PerigeeError) -> Int32? {
        guard let place = FuseMountTable.location(of: path),
            let entry = try? FuseMountTable.topmost(at: place), entry.type == "fuse.perigee"
        else {
            throw PerigeeError(
                .notFound, "no mount of perigee is on \(Printable.quoted(path))",
                remedy: "name the folder that was given to perigee mount")
        }
        // fusermount3 refuses another user's mount in the words of one in use.
        guard geteuid() == 0 || entry.user == nil || entry.user == getuid() else {
            throw foreign(path)
        }
        do {
            switch try FuseMountTable.health(at: place) {
            case .unresponsive where !isLazy: throw unresponsive(path)
            case .unresponsive:
                let daemon = FuseDaemon.serving(place)
                if daemon == nil { FuseMountTable.abort(place) }
                // Where that was enough to take it away there is nothing left to detach.
                let isThere = try? FuseMountTable.topmost(at: place)?.type == "fuse.perigee"
                if daemon != nil || isThere == true { try FuseMountTable.detach(place) }
                return daemon?.pid
            case .alive where !isLazy: try FuseMountTable.unmount(place)
            case .alive, .dead, .notMounted: try FuseMountTable.detach(place)
            }
            return nil
        } catch let error as PerigeeError {
            throw error
        } catch let error as FuseSessionError {
            throw refusal(path, error)
        } catch {
            throw PerigeeError(
                .storageFailed, "cannot unmount \(Printable.quoted(path))", cause: error)
        }
    }

    /// What is the matter with a mount whose daemon does not answer, and how to end it.
    static func unresponsive(_ path: String) -> PerigeeError {
        let mount = "the mount on \(Printable.quoted(path)) does not answer"
        let place = FuseMountTable.location(of: path) ?? path
        guard let daemon = FuseDaemon.serving(place) else {
            return PerigeeError(
                .timedOut, mount,
                remedy: "take it away as it is: perigee unmount --lazy \(path)")
        }
        let end =
            "end it (kill -9 \(daemon.pid)) and unmount again, or take the mount away as it is: "
            + "perigee unmount --lazy \(path)"
        return daemon.isStopped
            ? PerigeeError(
                .timedOut, "\(mount): its process \(daemon.pid) is stopped",
                remedy: "let it go on (kill -CONT \(daemon.pid)), \(end)")
            : PerigeeError(
                .timedOut, "\(mount): its process \(daemon.pid) hangs, or is very busy",
                remedy: "try again, \(end)")
    }

    private static func foreign(_ path: String) -> PerigeeError {
        PerigeeError(
            .accessDenied, "the mount on \(Printable.quoted(path)) belongs to another user",
            remedy: "unmount it as that user, or as root")
    }

    private static func refusal(_ path: String, _ error: FuseSessionError) -> PerigeeError {
        switch error.errno {
        case EBUSY:
            PerigeeError(
                .busy, "the mount on \(Printable.quoted(path)) is in use",
                remedy: "close what is open there (fuser -vm \(path)), or add --lazy")
        case EPERM, EACCES: foreign(path)
        case let errno?:
            PerigeeError(
                .storageFailed, "cannot unmount \(Printable.quoted(path))",
                remedy: "try --lazy", cause: SystemError(errno))
        case nil:
            PerigeeError(
                .storageFailed, "cannot unmount \(Printable.quoted(path))",
                remedy: "what fusermount3 says above has the reason", cause: error)
        }
    }
}
