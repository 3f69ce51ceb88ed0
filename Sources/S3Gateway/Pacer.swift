internal import AccessControl
internal import Synchronization

/// Bounds what each principal asks for in a second, by token buckets of two seconds.
final class Pacer: Sendable {
    private struct Purse {
        var requests: Double
        var bytes: Double
        /// What is left of the bytes that are sent without waiting for them: a transfer that pays as
        /// it goes keeps nobody else of the same principal out.
        var unpaced: Double
        var filled: ContinuousClock.Instant
    }

    private let requests: Double
    private let bytes: Double
    private let now: @Sendable () -> ContinuousClock.Instant
    private let purses = Mutex<[Principal: Purse]>([:])

    /// Principals that are remembered; those with a full bucket are forgotten first.
    private static let most = 10_000

    /// - Parameter limits: of which those for each second count.
    init(
        _ limits: GatewaySettings.Limits,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.now = now
        requests = Double(limits.requestsPerSecond)
        bytes = Double(limits.bytesPerSecond)
    }

    /// Whether bytes are bounded.
    var limitsBytes: Bool { bytes > 0 }

    /// Takes one request out of a principal's bucket, or says that it is empty, or that he has had
    /// more bytes than he may have by now.
    func admits(_ principal: Principal) -> Bool {
        guard requests > 0 || bytes > 0 else { return true }
        return purses.withLock { purses in
            var purse = refilled(purses[principal])
            defer { keep(purse, principal, &purses) }
            guard bytes == 0 || purse.unpaced > 0 else { return false }
            guard requests > 0 else { return true }
            guard purse.requests >= 1 else { return false }
            purse.requests -= 1
            return true
        }
    }

    /// Takes bytes that were sent already out of a principal's bucket.
    func spend(_ count: Int, of principal: Principal) {
        guard bytes > 0 else { return }
        purses.withLock { purses in
            var purse = refilled(purses[principal])
            purse.bytes -= Double(count)
            purse.unpaced -= Double(count)
            keep(purse, principal, &purses)
        }
    }

    /// Waits until so many bytes may be sent.
    func wait(for count: Int, of principal: Principal) async {
        guard bytes > 0 else { return }
        let debt = purses.withLock { purses in
            var purse = refilled(purses[principal])
            // Who takes more than there is waits until it would have come.
            purse.bytes -= Double(count)
            keep(purse, principal, &purses)
            return -purse.bytes
        }
        guard debt > 0 else { return }
        try? await Task.sleep(for: .seconds(debt / bytes))
    }

    private func refilled(_ purse: Purse?) -> Purse {
        let now = now()
        guard var purse else {
            return Purse(
                requests: requests * 2, bytes: bytes * 2, unpaced: bytes * 2, filled: now)
        }
        let seconds = (now - purse.filled) / .seconds(1)
        purse.requests = min(requests * 2, purse.requests + seconds * requests)
        purse.bytes = min(bytes * 2, purse.bytes + seconds * bytes)
        purse.unpaced = min(bytes * 2, purse.unpaced + seconds * bytes)
        purse.filled = now
        return purse
    }

    private func keep(_ purse: Purse, _ principal: Principal, _ purses: inout [Principal: Purse]) {
        if purses.count >= Self.most, purses[principal] == nil {
            purses = purses.filter { entry in
                let purse = refilled(entry.value)
                return purse.requests < requests * 2 || purse.bytes < bytes * 2
            }
            if purses.count >= Self.most { purses.removeAll() }
        }
        purses[principal] = purse
    }
}
