internal import CKernel
internal import ControlStore
internal import Glibc
internal import VolumeModel

/// The file that holds a state's sealing keys: outside of the state folder, so that neither a backup
/// nor a copy of the state opens any secret.
struct KeyFile: Sendable {
    /// Who put it where it is.
    enum Origin: Sendable {
        /// `$PERIGEE_KEY_FILE`.
        case named
        /// systemd, which made it from what the service's unit says; it is not ours to change.
        case systemd
        /// Nobody said anything.
        case home
    }

    /// Its path.
    let path: String
    /// Who put it there.
    let origin: Origin

    /// Where the key file of a state is: `$PERIGEE_KEY_FILE`; `perigee-key` among a service's
    /// credentials, where it has one (systemd.exec(5), CREDENTIALS); else
    /// `perigee/secrets-STATE.key` below `$XDG_CONFIG_HOME` or `~/.config`.
    ///
    /// By the state's own number, not by its path: a state folder can be moved, and a restored one
    /// finds its keys.
    ///
    /// - Throws: `.invalidArgument` where it would be in the state folder, or HOME is not set.
    init(
        of stateID: String, at state: StateFolder, environment: [String: String]
    ) throws(PerigeeError) {
        let base = { (name: String) in
            environment[name].flatMap { $0.utf8.first == UInt8(ascii: "/") ? $0 : nil }
        }
        if let path = environment["PERIGEE_KEY_FILE"], !path.isEmpty {
            self.init(path, .named)
        } else if let folder = base("CREDENTIALS_DIRECTORY"),
            access("\(folder)/perigee-key", F_OK) == 0
        {
            self.init("\(folder)/perigee-key", .systemd)
        } else if let folder = base("XDG_CONFIG_HOME") ?? base("HOME").map({ "\($0)/.config" }) {
            self.init("\(folder)/perigee/secrets-\(stateID).key", .home)
        } else {
            throw PerigeeError(
                .invalidArgument, "it is not known where the key file is: HOME is not set",
                remedy: "set PERIGEE_KEY_FILE to a file outside of the state folder")
        }
        guard try !state.holds(path) else {
            throw PerigeeError(
                .invalidArgument,
                "the key file \(name) is in the state folder, with whose backups it would go",
                remedy: "set PERIGEE_KEY_FILE to a file elsewhere, or move it there")
        }
    }

    private init(_ path: String, _ origin: Origin) {
        self.path = path
        self.origin = origin
    }

    /// Its path for messages.
    var name: String { Printable.quoted(path) }

    /// What it holds, or nil where it is not there.
    ///
    /// - Throws: `.storageFailed` where it belongs to somebody else, others can read it, or it cannot
    ///   be read; `.conflict` where it is another state's; `.corrupt`, `.newerFormat`.
    func read(for stateID: String) throws(PerigeeError) -> Keyring? {
        // O_NONBLOCK, so that a pipe in its place does not hold us up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw unusable("cannot be read", cause: SystemError(errno))
        }
        defer { close(descriptor) }
        try check(descriptor)
        var bytes = [UInt8](repeating: 0, count: Keyring.longestFile + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw unusable("cannot be read", cause: SystemError(errno)) }
        guard count <= Keyring.longestFile else { throw unusable("is no key file: it is too long") }
        let keyring = try Keyring(parsing: Array(bytes[..<count]), from: name)
        guard keyring.stateID == stateID else {
            throw PerigeeError(
                .conflict,
                "the key file \(name) belongs to the state \(keyring.stateID), and this is the state"
                    + " \(stateID)",
                remedy: "see that PERIGEE_KEY_FILE and --state belong together")
        }
        return keyring
    }

    private func check(_ descriptor: Int32) throws(PerigeeError) {
        var status = perigee_stat()
        let code = perigee_stat_descriptor(descriptor, &status)
        guard code == 0 else { throw unusable("cannot be looked at", cause: SystemError(code)) }
        guard status.mode & S_IFMT == S_IFREG else { throw unusable("is no regular file") }
        // systemd leaves a credential to root and lets the service read it by an ACL, which the
        // mode shows as a right of the group's.
        let isSystemd = origin == .systemd
        guard status.uid == geteuid() || isSystemd && status.uid == 0 else {
            throw unusable(
                "belongs to user \(status.uid)", remedy: "it has to be the owner's of the state")
        }
        guard status.mode & (isSystemd ? 0o027 : 0o077) == 0 else {
            throw unusable(
                "can be read or written by others (mode"
                    + " \(String(status.mode & 0o7777, radix: 8)))",
                remedy: "run chmod 600 on it; if others may have read it, run"
                    + " `perigee secrets rotate` and make new keys")
        }
    }

    func unusable(
        _ what: String, remedy: String? = nil, cause: SystemError? = nil
    ) -> PerigeeError {
        PerigeeError(.storageFailed, "the key file \(name) \(what)", remedy: remedy, cause: cause)
    }
}
