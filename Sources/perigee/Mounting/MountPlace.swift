internal import ControlStore
internal import FuseMount
internal import Glibc
internal import VolumeModel

/// Where a mount may be.
enum MountPlace {
    /// Refuses a mount point that would become part of what is published, or hide the state.
    ///
    /// - Throws: `.invalidArgument`; `.busy` and `.timedOut` where a mount of ours is there.
    static func check(_ path: String, roots: [OriginRoot], state: StateFolder) throws(PerigeeError)
    {
        // First, since asking a mount that does not answer for its real path would wait for it.
        try MountPoint.release(path)
        guard let real = realPath(path) else { return }
        for root in roots {
            guard case .posix(let folder) = root.origin, let origin = realPath(folder),
                holds(origin, real)
            else { continue }
            throw PerigeeError(
                .invalidArgument,
                "the mount point \(Printable.quoted(real)) lies in the origin root \(root.name)",
                remedy: "mount outside of \(Printable.quoted(origin)), or scans would walk through "
                    + "the mount")
        }
        if holds(real, state.path) || holds(state.path, real) {
            throw PerigeeError(
                .invalidArgument,
                "the mount point \(Printable.quoted(real)) overlaps the state folder",
                remedy: "mount somewhere else")
        }
    }

    /// Checks and clears the mount point.
    ///
    /// - Returns: its absolute path.
    /// - Throws: as `MountPoint.prepare`.
    static func prepare(_ path: String) throws(PerigeeError) -> String {
        try MountPoint.prepare(path)
    }

    private static func holds(_ folder: String, _ path: String) -> Bool {
        folder == path || path.hasPrefix(folder == "/" ? "/" : folder + "/")
    }

    private static func realPath(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
