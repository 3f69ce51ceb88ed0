internal import Glibc
package import VolumeModel

extension StateFolder {
    /// Makes the folder, readable by its owner only, and what is in it; finishes a half-made one and
    /// does nothing to a whole one.
    ///
    /// - Throws: what `open()` throws but `.notFound`; `.conflict` where the folder holds other
    ///   things.
    package func create() throws(PerigeeError) {
        if fileExists(formatPath) { return try open() }
        try checkFileSystem(of: nearestExisting(path))
        try makeFolders(to: path)
        try checkOwnerAndMode()
        try checkHoldsNothingElse()
        // Nothing is in it yet, so its mode is ours to set.
        guard chmod(path, 0o700) == 0 else { throw storageFailed(path, errno) }
        for folder in [cataloguesFolder, auditFolder] { try makeFolder(folder) }
        try writeSmallFile(formatPath, "\(Self.formatPrefix)\(Self.version)\n")
        try syncFolder(of: path)
        try open()
    }

    /// What stands before the version in the format file.
    static let formatPrefix = "perigee-state "

    private func nearestExisting(_ path: String) -> String {
        var path = path
        while path != "/", !fileExists(path) { path = parent(of: path) }
        return path
    }

    private func makeFolders(to path: String) throws(PerigeeError) {
        if path != "/", !fileExists(path) {
            try makeFolders(to: parent(of: path))
            try makeFolder(path)
        }
    }

    private func makeFolder(_ path: String) throws(PerigeeError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw storageFailed(path, errno)
        }
    }

    private func checkHoldsNothingElse() throws(PerigeeError) {
        let ours = ["catalogues", "audit", "lost+found"]
        for name in try folderNames(path) {
            guard ours.contains(name) || name.hasPrefix("format") else {
                // Another process may have finished the folder, and put its database there.
                if fileExists(formatPath) { return }
                throw PerigeeError(
                    .conflict,
                    "the folder \(Printable.quoted(path)) is not empty: it holds"
                        + " \(Printable.quoted(name))",
                    remedy: "choose an empty folder, or one that does not exist yet")
            }
        }
    }
}
