internal import Glibc
internal import VolumeModel

extension KeyFile {
    /// Puts a keyring in the file's place, durably and whole or not at all.
    ///
    /// - Parameter isNew: takes nothing's place; where a file came to be there meanwhile, it stays,
    ///   and that is `.conflict`.
    /// - Throws: `.storageFailed`, `.conflict`.
    func write(_ keyring: Keyring, isNew: Bool) throws(PerigeeError) {
        guard origin != .systemd else {
            throw PerigeeError(
                .conflict, "the key file \(name) comes from systemd and cannot be changed here",
                remedy: "set PERIGEE_KEY_FILE to the file that the unit's LoadCredential names, do"
                    + " it again, and restart the service")
        }
        if isNew { try makeFolders() }
        // A link stays one: what it leads to is replaced.
        let target = isNew ? path : realPath() ?? path
        let draft = "\(target).new-\(getpid())-\(UInt32.random(in: .min ... .max))"
        defer { unlink(draft) }
        try writeDraft(draft, Array(keyring.reveal().utf8))
        if isNew {
            guard link(draft, target) == 0 else {
                if errno == EEXIST {
                    throw PerigeeError(
                        .conflict, "the key file \(name) was made by somebody else just now",
                        remedy: "do it again")
                }
                throw notWritten()
            }
        } else {
            guard rename(draft, target) == 0 else { throw notWritten() }
        }
        try syncFolder(parent(of: target))
    }

    private func writeDraft(_ draft: String, _ bytes: [UInt8]) throws(PerigeeError) {
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw notWritten() }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0
        else { throw notWritten() }
    }

    /// The folders of a place that nobody named, for their owner only.
    private func makeFolders() throws(PerigeeError) {
        guard origin == .home else { return }
        let folder = parent(of: path)
        for folder in [parent(of: folder), folder] {
            if mkdir(folder, 0o700) == 0 {
                try syncFolder(parent(of: folder))
            } else if errno != EEXIST {
                throw notWritten()
            }
        }
    }

    private func realPath() -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private func syncFolder(_ folder: String) throws(PerigeeError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw notWritten() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw notWritten() }
    }

    /// The folder that holds a path; `.` for a bare name.
    private func parent(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
    }

    private func notWritten() -> PerigeeError {
        let code = errno
        return unusable(
            "cannot be written", remedy: "see that its folder is there and the disk has room",
            cause: SystemError(code))
    }
}
