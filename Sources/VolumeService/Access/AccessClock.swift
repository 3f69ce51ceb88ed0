package import VolumeModel

/// What decisions take the time from: a test turns it by hand.
package struct AccessClock: Sendable {
    /// The time now.
    package let now: @Sendable () -> Timestamp

    /// A clock of one's own.
    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// This machine's.
    package static let system = AccessClock { .now }
}
