/// How long an origin may take, and how much of it is asked at a time.
package struct TransferLimits: Hashable, Sendable {
    /// For finding the host, connecting and the TLS handshake.
    package var connect: Duration = .seconds(10)
    /// In each stretch of this length ...
    package var slowWindow: Duration = .seconds(15)
    /// ... at least so many bytes come, or the transfer is given up.
    package var slowBytes: Int64 = 15 * 1_024
    /// For a whole call with all its retries, besides what its bytes may take at the slowest rate.
    package var total: Duration = .seconds(60)
    /// Transfers at once from one server; others wait for their turn.
    package var transfersPerServer = 16

    /// The usual limits.
    package init() {}

    /// How long a call for so many bytes may take.
    func total(for bytes: Int64) -> Duration {
        guard bytes > 0, slowBytes > 0 else { return total }
        return total + slowWindow * (Double(bytes) / Double(slowBytes))
    }
}
