internal import FuseKernel
internal import Glibc
package import VolumeModel

/// A folder to mount on.
package enum MountPoint {
    /// Makes sure that `path` can be mounted on, after detaching what a killed daemon of ours left
    /// there. Blocks for a few seconds where a daemon does not answer.
    ///
    /// - Returns: the path as the mount table shows it.
    /// - Throws: `.notFound`, `.notADirectory`, `.conflict` where it is not empty, `.busy` where a
    ///   mount of ours is there, `.accessDenied` and `.notFound` where nothing can be mounted at all,
    ///   and what the system says.
    package static func prepare(_ path: String) throws(PerigeeError) -> String {
        // Before anything touches the folder: on a mount that does not answer, that would wait.
        try release(path)
        let resolved = try resolve(path)
        if resolved != path { try release(resolved) }
        try checkEmpty(resolved)
        try checkSystem(mountingOn: resolved)
        return resolved
    }

    /// Detaches what a killed daemon of ours left at `path`. Blocks for a few seconds where a daemon
    /// does not answer.
    ///
    /// - Throws: `.busy` where a mount of ours is there, `.storageFailed`.
    package static func release(_ path: String) throws(PerigeeError) {
        do {
            try FuseMountTable.detachDead(at: path)
            switch try FuseMountTable.health(at: path) {
            case .notMounted, .dead: break
            case .alive:
                throw PerigeeError(
                    .busy, "\(Printable.quoted(path)) is a Perigee mount already",
                    remedy: "unmount it first: perigee unmount \(path)")
            case .unresponsive: throw unresponsive(path)
            }
        } catch let error as PerigeeError {
            throw error
        } catch {
            throw PerigeeError(
                .storageFailed, "cannot use \(Printable.quoted(path)) as a mount point",
                cause: error)
        }
    }

    /// Resolves all but the last name first: on a dead mount every call about the folder itself
    /// fails.
    private static func resolve(_ path: String) throws(PerigeeError) -> String {
        if let whole = realPath(path) { return whole }
        let error = Glibc.errno
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        let slash = trimmed.lastIndex(of: "/")
        let name = slash.map { trimmed[trimmed.index(after: $0)...] } ?? trimmed
        let above = slash.map { $0 == trimmed.startIndex ? "/" : String(trimmed[..<$0]) } ?? "."
        if error == ENOTCONN || error == ECONNABORTED, let parent = realPath(above) {
            return parent == "/" ? "/\(name)" : "\(parent)/\(name)"
        }
        if error == ENOENT {
            throw PerigeeError(
                .notFound, "there is no folder \(Printable.quoted(path)) to mount on",
                remedy: "make it first: mkdir -p \(Printable.escaped(Array(path.utf8)))")
        }
        throw refused(path, error)
    }

    private static func checkEmpty(_ path: String) throws(PerigeeError) {
        guard let folder = opendir(path) else {
            let error = Glibc.errno
            guard error == ENOTDIR else { throw refused(path, error) }
            throw PerigeeError(
                .notADirectory, "\(Printable.quoted(path)) is not a folder to mount on",
                remedy: "name an empty folder")
        }
        defer { closedir(folder) }
        // "." and ".." are always there.
        for _ in 0..<3 where readdir(folder) == nil { return }
        throw PerigeeError(
            .conflict, "the folder \(Printable.quoted(path)) is not empty",
            remedy: "mount on an empty folder: what it holds would be hidden")
    }

    private static func realPath(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func refused(_ path: String, _ errno: Int32) -> PerigeeError {
        PerigeeError(
            errno == EACCES ? .accessDenied : .storageFailed,
            "cannot use \(Printable.quoted(path)) as a mount point", cause: SystemError(errno))
    }
}
