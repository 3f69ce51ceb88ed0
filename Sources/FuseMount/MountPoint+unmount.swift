internal import FuseKernel
internal import Glibc
package import VolumeModel

extension MountPoint {
    /// Takes the uppermost mount of ours off `path`, and waits until it is gone. Blocks.
    ///
    /// - Parameter isLazy: also where it is in use; open files stay readable until their daemon
    ///   ends.
    /// - Throws: `.notFound` where no mount of ours is there, `.busy` where it is in use,
    ///   `.accessDenied` where somebody else mounted it.
    package static func unmount(_ path: String, lazily isLazy: Bool) throws(PerigeeError) {
        guard let place = FuseMountTable.location(of: path), isOurs(place) else {
            throw PerigeeError(
                .notFound, "no mount of perigee is on \(Printable.quoted(path))",
                remedy: "name the folder that was given to perigee mount")
        }
        do {
            let isDead = try FuseMountTable.health(at: place) == .dead
            if isDead || isLazy {
                try FuseMountTable.detach(place)
            } else {
                try FuseMountTable.unmount(place)
            }
        } catch let error as FuseSessionError {
            throw refusal(path, error)
        } catch {
            throw PerigeeError(
                .storageFailed, "cannot unmount \(Printable.quoted(path))", cause: error)
        }
    }

    private static func isOurs(_ place: String) -> Bool {
        (try? FuseMountTable.topmost(at: place))??.type == "fuse.perigee"
    }

    private static func refusal(_ path: String, _ error: FuseSessionError) -> PerigeeError {
        switch error.errno {
        case EBUSY:
            PerigeeError(
                .busy, "the mount on \(Printable.quoted(path)) is in use",
                remedy: "close what is open there (fuser -vm \(path)), or add --lazy",
                cause: error)
        case EPERM, EACCES:
            PerigeeError(
                .accessDenied, "the mount on \(Printable.quoted(path)) belongs to another user",
                remedy: "unmount it as that user, or as root", cause: error)
        default:
            PerigeeError(
                .storageFailed, "cannot unmount \(Printable.quoted(path))", cause: error)
        }
    }
}
