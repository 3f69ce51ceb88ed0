package import VolumeModel

/// The folder that holds everything Perigee knows: who can write it is the administrator.
///
/// `format` says how it is laid out and is written last, so a folder without it was never finished.
package struct StateFolder: Hashable, Sendable {
    /// The layout that this program writes.
    package static let version = 1

    /// The folder's real path, absolute and without links as far as it exists.
    package let path: String

    /// Resolves a path; nothing need exist yet.
    ///
    /// - Throws: `.invalidArgument` for what is no path, `.storageFailed`.
    package init(path: String) throws(PerigeeError) {
        self.path = try RealPath.resolve(path)
    }

    /// Where the state is unless a flag says so: `$PERIGEE_STATE`, else `perigee` in
    /// `$XDG_STATE_HOME`, else `~/.local/state/perigee`.
    ///
    /// By the XDG base directory specification, a relative `XDG_STATE_HOME` is ignored.
    ///
    /// - Throws: `.invalidArgument` where none of them is set.
    package static func defaultPath(
        environment: [String: String]
    ) throws(PerigeeError) -> String {
        if let path = environment["PERIGEE_STATE"], !path.isEmpty { return path }
        if let base = environment["XDG_STATE_HOME"], base.utf8.first == UInt8(ascii: "/") {
            return "\(base)/perigee"
        }
        if let home = environment["HOME"], home.utf8.first == UInt8(ascii: "/") {
            return "\(home)/.local/state/perigee"
        }
        throw PerigeeError(
            .invalidArgument, "it is not known where the state folder is: HOME is not set",
            remedy: "set PERIGEE_STATE to a folder on a local disk")
    }

    /// The control database.
    package var controlPath: String { "\(path)/control.sqlite" }

    /// Where `audit` logs go, one file for each process.
    package var auditFolder: String { "\(path)/audit" }

    /// The catalogue of a volume.
    package func catalogue(for volume: VolumeName) -> String {
        "\(cataloguesFolder)/\(volume).sqlite"
    }

    /// The file that the one writer of a volume's catalogue locks.
    package func lockFile(for volume: VolumeName) -> String {
        "\(cataloguesFolder)/\(volume).lock"
    }

    /// Whether the folder at `originPath` is the state folder, lies in it, or holds it: an origin
    /// must not, since the state would be published, or change under its own scan.
    ///
    /// Compares device and inode all the way up, so a bind mount or link deceives nobody. Waits
    /// where the origin's file system does not answer.
    ///
    /// - Throws: `.invalidArgument`, `.storageFailed`.
    package func overlaps(originPath: String) throws(PerigeeError) -> Bool {
        let origin = try RealPath.resolve(originPath)
        if origin == path || contains(origin, path) || contains(path, origin) { return true }
        let above = try RealPath.identities(from: path)
        if let identifier = try FileIdentifier(origin), above.contains(identifier) { return true }
        guard let own = try FileIdentifier(path) else { return false }
        return try RealPath.identities(from: origin).contains(own)
    }

    /// Where catalogues are.
    var cataloguesFolder: String { "\(path)/catalogues" }
    /// The file that says which layout it is.
    var formatPath: String { "\(path)/format" }

    private func contains(_ outer: String, _ inner: String) -> Bool {
        outer == "/" || inner.utf8.starts(with: "\(outer)/".utf8)
    }
}
