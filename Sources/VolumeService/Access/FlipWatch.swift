internal import Dispatch
internal import VolumeModel

/// Looks ten times a second whether an instant has passed at which decisions change: what front ends
/// cache has to be taken back then, though nobody did anything.
///
/// It asks the clock rather than sleeping until the instant, since a clock can be set.
final class FlipWatch: Sendable {
    private let over = DispatchSemaphore(value: 0)

    /// Begins; ends with `cancel()` or when it goes away.
    ///
    /// - Parameter look: runs on the watch's thread, one call at a time.
    init(every interval: Duration = .milliseconds(100), look: @escaping @Sendable () -> Void) {
        let over = over
        let pause = DispatchTimeInterval.milliseconds(
            Int(interval / .milliseconds(1)))
        Thread.start(name: "release-times") {
            while over.wait(timeout: .now() + pause) == .timedOut { look() }
        }
    }

    deinit { cancel() }

    /// Ends it; a look that is under way goes on.
    func cancel() { over.signal() }
}
