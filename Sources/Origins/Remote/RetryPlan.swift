/// When one call asks again after a failure.
///
/// Full jitter: a wait of random length below a bound that doubles (M. Brooker, "Exponential Backoff
/// And Jitter", AWS Architecture Blog, 2015). A try that brought bytes starts the count anew, since
/// the next one goes on where it was cut.
struct RetryPlan {
    /// The first bound, the highest one, and the tries in a row that bring nothing.
    static let base: UInt64 = 100_000_000
    static let longest: UInt64 = 5_000_000_000
    static let tries = 5

    private var failures = 0

    /// The next try's instant in nanoseconds, or nil where there is none.
    ///
    /// - Parameters:
    ///   - madeProgress: whether the try that failed brought bytes.
    ///   - retryAfter: the least wait in nanoseconds, as the origin asked.
    ///   - deadline: when the call ends.
    mutating func next(
        at now: UInt64, madeProgress: Bool, retryAfter: UInt64?, deadline: UInt64,
        using random: inout some RandomNumberGenerator
    ) -> UInt64? {
        failures = madeProgress ? 1 : failures + 1
        guard failures < Self.tries else { return nil }
        let bound = min(Self.longest, Self.base << UInt64(failures - 1))
        let jitter = UInt64.random(in: 0...bound, using: &random)
        let (next, overflows) = now.addingReportingOverflow(jitter + (retryAfter ?? 0))
        return overflows || next >= deadline ? nil : next
    }
}
