/// Stops asking an origin that does not answer, and asks again now and then.
///
/// Closed until `failures` calls in a row have timed out; then open for `pause`, after which one
/// call is let through: its success closes the breaker, its failure opens it again.
package struct Breaker: Sendable {
    /// Times in nanoseconds of a monotonic clock.
    package typealias Instant = UInt64

    private let limit: Int
    private let pause: UInt64
    private var failures = 0
    private var openUntil: Instant?
    private var isProbing = false

    /// - Parameter pause: nanoseconds.
    package init(failures limit: Int = 4, pause: UInt64 = 5_000_000_000) {
        self.limit = limit
        self.pause = pause
    }

    /// Whether a call may go out at `now`.
    package mutating func admits(at now: Instant) -> Bool {
        guard let until = openUntil else { return true }
        guard now >= until, !isProbing else { return false }
        isProbing = true
        return true
    }

    /// A call was answered, with whatever result.
    package mutating func answered() {
        failures = 0
        openUntil = nil
        isProbing = false
    }

    /// A call was withdrawn before it had asked anything, so it tells nothing: where it was the one
    /// that was let through, another takes its place.
    package mutating func withdrawn() {
        isProbing = false
    }

    /// A call ran into its deadline at `now`. Whether the breaker opened by it.
    @discardableResult
    package mutating func timedOut(at now: Instant) -> Bool {
        failures += 1
        isProbing = false
        guard failures >= limit else { return false }
        let wasClosed = openUntil == nil
        openUntil = now + pause
        return wasClosed
    }
}
