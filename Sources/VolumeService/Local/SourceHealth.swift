internal import VolumeModel

/// Which roots have failed lately, so that others are asked before them.
///
/// A root that failed goes last for a while, which doubles with each failure in a row; after it one
/// reader asks it first again, and the next one only a while later. Its first answer makes it well.
struct SourceHealth: Sendable {
    /// Nanoseconds of a monotonic clock.
    typealias Instant = UInt64

    private struct Trouble {
        var failures: Int
        /// When somebody may ask it first again.
        var until: Instant
    }

    /// The first and the longest time for which a root goes last, in nanoseconds.
    static let shortest: UInt64 = 2_000_000_000
    static let longest: UInt64 = 30_000_000_000

    private var troubles: [RootName: Trouble] = [:]

    /// Puts roots that are in trouble behind the others; else the order stays. One that stands before
    /// all that are well and whose time has come stays there: who is going to ask it is its probe, and
    /// those who come then find it behind the others.
    ///
    /// - Parameter asks: whether the root is going to be asked now: to open a remote file is not to.
    mutating func order(
        _ places: [(index: Int, root: RootName)], at now: Instant,
        asks: (Int) -> Bool = { _ in true }
    ) -> [Int] {
        if troubles.isEmpty { return places.map(\.index) }
        var well: [Int] = []
        var ill: [Int] = []
        for (index, root) in places {
            if let trouble = troubles[root] {
                guard well.isEmpty, now >= trouble.until else {
                    ill.append(index)
                    continue
                }
                if asks(index) {
                    troubles[root]?.until = now &+ Self.pause(after: trouble.failures)
                }
            }
            well.append(index)
        }
        return well + ill
    }

    /// A root has answered. Whether it was in trouble.
    @discardableResult
    mutating func answered(_ root: RootName) -> Bool {
        troubles.removeValue(forKey: root) != nil
    }

    /// A root has failed at `now`. Whether it was well before.
    @discardableResult
    mutating func failed(_ root: RootName, at now: Instant) -> Bool {
        let failures = (troubles[root]?.failures ?? 0) + 1
        defer {
            troubles[root] = Trouble(
                failures: failures, until: now &+ Self.pause(after: failures))
        }
        return failures == 1
    }

    private static func pause(after failures: Int) -> UInt64 {
        min(longest, shortest << UInt64(min(failures - 1, 8)))
    }
}
