/// What went wrong, to what, and what to do about it.
///
/// One type for all modules: each edge (errno, HTTP, S3, exit code) maps `code` in one table.
package struct PerigeeError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a front end tells apart.
    package enum Code: String, Sendable, CaseIterable {
        /// The caller named something that does not exist, or that it may not see.
        case notFound
        /// The caller may see it, but not read it.
        case accessDenied
        /// A folder was asked for where a file stands.
        case notADirectory
        /// A file was asked for where a folder stands.
        case isADirectory
        /// A name or path is longer than the formats allow.
        case nameTooLong
        /// The caller's words are off: a flag, a name, a pattern, a range.
        case invalidArgument
        /// Everything that is served is read-only.
        case readOnly
        /// The origin no longer holds the version that was opened.
        case stale
        /// The origin said no: permissions or credentials.
        case originDenied
        /// What an origin sent is not what was published, or nothing is known to compare it with
        /// although the origin is not trusted.
        case unverified
        /// The origin cannot be reached now.
        case originUnavailable
        /// As many files are open as this process may hold.
        case tooManyOpen
        /// A deadline passed.
        case timedOut
        /// The caller withdrew.
        case cancelled
        /// Our own disk failed, or is full.
        case storageFailed
        /// A stored file does not hold what its format promises.
        case corrupt
        /// A stored file was written by a newer version.
        case newerFormat
        /// Somebody else holds what is needed: a lock, a mount point.
        case busy
        /// The state does not allow it: exists already, nothing to publish.
        case conflict
    }

    /// The kind of failure.
    package let code: Code
    /// What happened, and to what.
    package let message: String
    /// What a person can do about it, where there is something.
    package let remedy: String?
    /// What lay beneath.
    package let cause: (any Error)?

    /// Makes an error.
    package init(
        _ code: Code, _ message: String, remedy: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.cause = cause
    }

    /// Whether the same call may succeed later with nobody doing anything.
    package var isTransient: Bool {
        switch code {
        case .originUnavailable, .tooManyOpen, .timedOut, .busy: true
        default: false
        }
    }

    package var description: String {
        var text = message
        if let remedy { text += " (\(remedy))" }
        if let cause { text += ": \(cause)" }
        return text
    }
}
