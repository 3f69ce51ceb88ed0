package import VolumeModel

/// Why a transfer did not come to its end.
package struct TransferFailure: Error, Sendable {
    /// What decides whether it is tried again.
    package enum Kind: Hashable, Sendable {
        /// There was no connection, or it broke off: the same request may work the next time.
        case connection
        /// Nothing came, or too little, for longer than is allowed.
        case stalled
        /// The call's deadline has passed.
        case deadline
        /// The caller withdrew.
        case cancelled
        /// Asking again would change nothing: certificate, gate, an answer that makes no sense, or
        /// what the consumer threw.
        case final
    }

    /// What decides whether it is tried again.
    package let kind: Kind
    /// What the caller is told.
    package let error: PerigeeError
    /// Whether the header of an answer came.
    package let wasAnswered: Bool
    /// Bytes that the consumer got.
    package let delivered: Int64
}
