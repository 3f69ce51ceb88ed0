internal import Glibc
package import VolumeModel

/// A file that holds a token: what a mount is given, so that no process list shows it.
package enum TokenFile {
    /// A token and some white space around it.
    private static let longest = BearerToken.longestInput + 1_024

    /// The token in a file, without white space around it.
    ///
    /// - Throws: `.notFound`; `.accessDenied` where other users can read it; `.invalidArgument` where
    ///   what it holds has not the form of a token; `.storageFailed`.
    package static func read(_ path: String) throws(PerigeeError) -> Secret {
        let name = Printable.quoted(path)
        let bytes: [UInt8]
        do throws(BoundedFile.Fault) {
            bytes = try BoundedFile.read(path, atMost: longest, isSecret: true)
        } catch {
            switch error {
            case .openToEverybody:
                throw PerigeeError(
                    .accessDenied, "the token file \(name) can be read or written by everybody",
                    remedy: "run chmod 600 on it")
            case .system(let cause):
                throw PerigeeError(
                    cause.errno == ENOENT ? .notFound : .storageFailed,
                    "the token file \(name) cannot be read", cause: cause)
            case .tooLong: bytes = []
            }
        }
        let space = Array(" \t\r\n".utf8)
        var text = bytes.drop { space.contains($0) }
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
