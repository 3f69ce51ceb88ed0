internal import Synchronization
package import VolumeModel
package import VolumeService

/// A clock that stands still until a test turns it, forward or back.
package final class AccessClockHand: Sendable {
    private let time: Mutex<Timestamp>

    /// Stands at `time`.
    package init(at time: Timestamp) { self.time = Mutex(time) }

    /// The time now.
    package var now: Timestamp { time.withLock { $0 } }

    /// Turns it.
    package func turn(to other: Timestamp) { time.withLock { $0 = other } }

    /// The clock that a service takes.
    package var clock: AccessClock { AccessClock { self.now } }
}

extension Timestamp {
    /// So many seconds later, or earlier.
    package func after(seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: nanoseconds + seconds * 1_000_000_000)
    }
}
