internal import CKernel
internal import Glibc
package import VolumeModel

extension StateFolder {
    /// Checks that the folder is there, ours, out of others' reach, on a disk of this machine and of
    /// a layout that this program knows.
    ///
    /// - Throws: `.notFound` where it is not there; `.accessDenied` where it belongs to another user
    ///   or others can write it; `.invalidArgument` on a network file system; `.newerFormat`,
    ///   `.corrupt`, `.storageFailed`.
    package func open() throws(PerigeeError) {
        try checkOwnerAndMode()
        try checkFileSystem(of: path)
        try checkFormat()
    }

    /// - Parameter user: whose it must be.
    func checkOwnerAndMode(user: uid_t = geteuid()) throws(PerigeeError) {
        var status = perigee_stat()
        let code = perigee_stat_following(AT_FDCWD, path, &status)
        guard code != -ENOENT else { throw missing("there is no state folder") }
        guard code == 0 else {
            throw PerigeeError(
                code == -EACCES ? .accessDenied : .storageFailed,
                "the state folder \(quoted) cannot be looked at", cause: SystemError(code))
        }
        guard status.mode & S_IFMT == S_IFDIR else {
            throw PerigeeError(
                .invalidArgument, "the state folder \(quoted) is no folder",
                remedy: "name another with --state or PERIGEE_STATE")
        }
        guard status.uid == user else {
            throw PerigeeError(
                .accessDenied,
                "the state folder \(quoted) belongs to \(userName(status.uid)), not to"
                    + " \(userName(user))",
                remedy: "run perigee as its owner, or name another folder with PERIGEE_STATE")
        }
        guard status.mode & 0o022 == 0 else {
            throw PerigeeError(
                .accessDenied,
                "the state folder \(quoted) can be written by other users (mode"
                    + " \(String(status.mode & 0o7777, radix: 8)))",
                remedy: "run chmod 700 on it, after looking that nothing in it was changed")
        }
    }

    /// Refuses a folder on a network file system, where SQLite's locks and shared memory cannot be
    /// relied on.
    func checkFileSystem(of path: String) throws(PerigeeError) {
        do {
            try refuseNetwork(FileSystemKind(of: path))
        } catch let error as SystemError {
            throw PerigeeError(
                .storageFailed, "the state folder \(quoted) cannot be looked at", cause: error)
        } catch let error as PerigeeError {
            throw error
        } catch {
            throw PerigeeError(
                .storageFailed, "the state folder \(quoted) cannot be looked at", cause: error)
        }
    }

    /// - Throws: `.invalidArgument` where `kind` is a network's.
    func refuseNetwork(_ kind: FileSystemKind) throws(PerigeeError) {
        guard !kind.isNetwork else {
            throw PerigeeError(
                .invalidArgument,
                "the state folder \(quoted) is on a network file system (\(kind))",
                remedy: "put it on a disk of this machine, with --state or PERIGEE_STATE")
        }
    }

    private func checkFormat() throws(PerigeeError) {
        guard fileExists(formatPath) else {
            throw missing("there is no finished state folder")
        }
        guard let bytes = smallFile(formatPath) else { throw storageFailed(formatPath, errno) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(Self.formatPrefix), text.hasSuffix("\n"),
            let version = Int(text.dropFirst(Self.formatPrefix.count).dropLast()), version >= 1
        else {
            throw PerigeeError(
                .corrupt, "the file \(Printable.quoted(formatPath)) does not say a format",
                remedy: "restore the state folder from a backup")
        }
        guard version <= Self.version else {
            throw PerigeeError(
                .newerFormat,
                "the state folder \(quoted) has format \(version), and this program knows up to"
                    + " \(Self.version)",
                remedy: "use the version of perigee that wrote it, or a newer one")
        }
    }

    private var quoted: String { Printable.quoted(path) }

    private func missing(_ what: String) -> PerigeeError {
        PerigeeError(
            .notFound, "\(what) \(quoted)",
            remedy: "run `perigee init`, or name another with --state or PERIGEE_STATE")
    }

    private func userName(_ user: uid_t) -> String {
        guard let name = EventActor.name(of: user) else { return "user \(user)" }
        return "\(name) (user \(user))"
    }
}
