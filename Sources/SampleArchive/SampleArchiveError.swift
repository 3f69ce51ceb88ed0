internal import Glibc

/// Why a sample archive could not be described or written.
package struct SampleArchiveError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// An argument is outside its bounds.
        case invalidArgument
        /// The directory holds something that is not a sample archive.
        case directoryNotEmpty
        /// The directory holds a sample archive of other arguments or another layout version.
        case differentArchive
        /// The path, or one in it, is not a directory.
        case notADirectory
        /// The file system has too little space, inodes or quota.
        case noSpace
        /// The user may not write there.
        case permissionDenied
        /// Any other failure of the file system; see ``SampleArchiveError/systemError``.
        case fileSystem
    }

    package let code: Code
    /// What happened and how to mend it, for people.
    package let message: String
    /// The `errno` that caused it, if a system call failed.
    package let systemError: Int32?

    package var description: String { message }

    init(_ code: Code, _ message: String, systemError: Int32? = nil) {
        self.code = code
        self.message = message
        self.systemError = systemError
    }

    static func invalidArgument(
        _ what: String, _ value: Int, _ limits: ClosedRange<Int>
    ) -> SampleArchiveError {
        SampleArchiveError(
            .invalidArgument,
            "\(what) is \(value); give one from \(limits.lowerBound) to \(limits.upperBound)")
    }

    static func noSpace(_ path: String, systemError: Int32? = nil) -> SampleArchiveError {
        SampleArchiveError(
            .noSpace,
            "no space left at \(path); free some, choose another directory, or ask for fewer "
                + "files or bytes",
            systemError: systemError)
    }

    /// The one table from `errno` to a code.
    static func system(
        _ number: Int32, _ action: String, _ path: String
    ) -> SampleArchiveError {
        switch number {
        case ENOSPC, EDQUOT:
            return .noSpace(path, systemError: number)
        case EACCES, EPERM, EROFS:
            return SampleArchiveError(
                .permissionDenied,
                "cannot \(action) \(path): \(String(cString: strerror(number))); choose a "
                    + "directory that you may write to",
                systemError: number)
        case ENOTDIR, ELOOP:
            return SampleArchiveError(
                .notADirectory,
                "cannot \(action) \(path): part of the path is no directory or is a symbolic "
                    + "link; choose another directory",
                systemError: number)
        default:
            return SampleArchiveError(
                .fileSystem,
                "cannot \(action) \(path): \(String(cString: strerror(number))); mend the cause "
                    + "and run the command again, it goes over what is there",
                systemError: number)
        }
    }
}
