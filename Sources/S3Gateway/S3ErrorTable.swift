package import S3Protocol
package import VolumeModel

extension S3Failure {
    /// The one table from what the service throws to what an S3 client is answered.
    ///
    /// What went wrong inside is for the log: the answer names neither paths of this machine nor
    /// origins.
    package init(_ error: PerigeeError) {
        switch error.code {
        case .notFound, .notADirectory, .isADirectory: self.init(.noSuchKey)
        case .accessDenied: self.init(.accessDenied)
        case .readOnly: self.init(.accessDenied, "This gateway is read-only.")
        case .nameTooLong: self.init(.keyTooLong)
        case .invalidArgument: self.init(.invalidArgument)
        case .stale:
            self.init(
                .internalError,
                "The object changed at its origin since it was published. Please report it to the "
                    + "volume's contact.")
        case .unverified:
            self.init(
                .internalError,
                "What the object's origin sends is not known to be what was published. Please report "
                    + "it to the volume's contact.")
        case .tooManyOpen: self.init(.slowDown)
        case .originUnavailable, .timedOut, .busy, .cancelled: self.init(.serviceUnavailable)
        case .originDenied, .storageFailed, .corrupt, .newerFormat, .conflict:
            self.init(.internalError)
        }
    }
}
