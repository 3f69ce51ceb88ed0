package import VolumeModel

extension StateFolder {
    /// Whether `path`, which need not exist, is the state folder or lies in it, by whatever links or
    /// bind mounts it is reached.
    ///
    /// - Throws: `.invalidArgument`, `.storageFailed`.
    package func holds(_ path: String) throws(PerigeeError) -> Bool {
        let real = try RealPath.resolve(path)
        if real == self.path || real.utf8.starts(with: "\(self.path)/".utf8) { return true }
        guard let own = try FileIdentifier(self.path) else { return false }
        return try RealPath.identities(from: real).contains(own)
    }
}
