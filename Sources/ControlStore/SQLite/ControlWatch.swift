internal import Dispatch
package import VolumeModel

/// Notices changes that anybody makes to the control store, within an interval.
///
/// SQLite cannot call another process back, so a connection asks `PRAGMA data_version` time and
/// again, some microseconds each. On a thread of its own, since a look can wait for the disk or a
/// writer, which must not hold up the cooperative pool.
package final class ControlWatch: Sendable {
    /// Signalled once, when the watch is over.
    private let over = DispatchSemaphore(value: 0)

    /// Starts watching; ends with `cancel()` or when the watch goes away.
    ///
    /// - Parameters:
    ///   - interval: the pause between two looks.
    ///   - epoch: what the caller has read already; the first look tells where it is another. With
    ///     nil the first look always tells.
    ///   - onChange: gets the new snapshot, or, once until it goes, what is wrong: the database
    ///     cannot be read, was removed, or was replaced. It runs on the watch's thread, one call at
    ///     a time, and the next look waits for it.
    /// - Throws: what `StateFolder.open()` throws; `.notFound`, `.corrupt`, `.storageFailed`.
    package init(
        _ state: StateFolder, every interval: Duration = .milliseconds(100), known epoch: Epoch?,
        onChange: @escaping @Sendable (Result<ControlSnapshot, PerigeeError>) -> Void
    ) throws(PerigeeError) {
        try state.open()
        let first = try ControlPoll(path: state.controlPath, known: epoch)
        let over = over
        let (seconds, attoseconds) = interval.components
        let pause = DispatchTimeInterval.nanoseconds(
            Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
        Thread.start(name: "control-watch") {
            var poll = first
            repeat {
                if let change = poll.look() { onChange(change) }
            } while over.wait(timeout: .now() + pause) == .timedOut
        }
    }

    deinit { cancel() }

    /// Ends the watch; a call of `onChange` that is under way may still be running on return.
    package func cancel() {
        over.signal()
    }
}
