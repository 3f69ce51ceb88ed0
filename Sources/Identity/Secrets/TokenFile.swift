internal import CKernel
internal import Glibc
package import VolumeModel

/// A file that holds a token: what a mount is given, so that no process list shows it.
package enum TokenFile {
    /// The token in a file, without white space around it.
    ///
    /// - Throws: `.notFound`; `.accessDenied` where other users can read it; `.invalidArgument` where
    ///   what it holds has not the form of a token; `.storageFailed`.
    package static func read(_ path: String) throws(PerigeeError) -> Secret {
        let name = Printable.quoted(path)
        // O_NONBLOCK, so that a pipe in its place does not hold us up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw PerigeeError(
                errno == ENOENT ? .notFound : .storageFailed,
                "the token file \(name) cannot be read", cause: SystemError(errno))
        }
        defer { close(descriptor) }
        var status = perigee_stat()
        let code = perigee_stat_descriptor(descriptor, &status)
        guard code == 0 else {
            throw PerigeeError(
                .storageFailed, "the token file \(name) cannot be looked at",
                cause: SystemError(code))
        }
        // The group's right is left alone: it is how containers hand files to their processes.
        guard status.mode & 0o007 == 0 else {
            throw PerigeeError(
                .accessDenied, "the token file \(name) can be read or written by everybody",
                remedy: "run chmod 600 on it")
        }
        var bytes = [UInt8](repeating: 0, count: BearerToken.longestInput + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else {
            throw PerigeeError(
                .storageFailed, "the token file \(name) cannot be read", cause: SystemError(errno))
        }
        let space = Array(" \t\r\n".utf8)
        var text = bytes[..<count].drop { space.contains($0) }
        while let last = text.last, space.contains(last) { text.removeLast() }
        let hasForm = text.withUnsafeBytes { BearerToken.hash($0) != nil }
        guard hasForm else {
            throw PerigeeError(
                .invalidArgument, "the token file \(name) does not hold a token, and nothing else",
                remedy: "`perigee token create --user NAME` prints one")
        }
        return Secret(text)
    }
}
