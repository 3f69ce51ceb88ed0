/// How many retries an origin root may still cost: where everything fails, retries must not double
/// what a server already cannot bear.
///
/// A bucket of tokens: a retry takes one, each call that succeeds gives a part of one back, and time
/// does too. As in gRPC's retry throttling (proposal A6) and in "Site Reliability Engineering",
/// chapter 21.
struct RetryBudget: Sendable {
    private let capacity: Double
    private let perSecond: Double
    private var tokens: Double
    private var last: UInt64?

    static let perSuccess = 0.1

    init(capacity: Double = 32, perSecond: Double = 1) {
        self.capacity = capacity
        self.perSecond = perSecond
        tokens = capacity
    }

    /// Takes a token at `now` (nanoseconds, monotonic); false where none is left.
    mutating func take(at now: UInt64) -> Bool {
        if let last, now > last {
            tokens = min(capacity, tokens + Double(now - last) / 1e9 * perSecond)
        }
        last = max(now, last ?? 0)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// A call has succeeded.
    mutating func succeeded() { tokens = min(capacity, tokens + Self.perSuccess) }
}
