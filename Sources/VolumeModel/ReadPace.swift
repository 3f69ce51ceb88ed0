internal import Synchronization

/// How a consumer holds up the transfer that feeds it.
///
/// A paused transfer delivers nothing and leaves the bytes in the socket; the piece that it already has
/// in memory waits with it. Its deadline goes on; it does not
/// count as slow meanwhile.
package final class ReadPace: Sendable {
    private let state = Mutex(State())

    private struct State {
        var isPaused = false
        /// Wakes the transfer that waits.
        var wake: (@Sendable () -> Void)?
    }

    /// Makes one that lets everything through.
    package init() {}

    /// Lets nothing more through; what is being delivered is not affected.
    package func pause() { state.withLock { $0.isPaused = true } }

    /// Lets bytes through again.
    package func resume() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isPaused = false
            defer { state.wake = nil }
            return state.wake
        }
        wake?()
    }

    /// Whether a delivery has to wait; `wake` is then called once when it no longer has to.
    package func mustWait(_ wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.isPaused { state.wake = wake }
            return state.isPaused
        }
    }
}
