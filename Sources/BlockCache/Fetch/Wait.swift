internal import Synchronization
internal import VolumeModel

/// One caller that waits for one outcome, until a deadline.
///
/// The first outcome counts; later ones are dropped.
final class Wait<Value: Sendable>: Sendable {
    private let state = Mutex(State.empty)

    private enum State {
        case empty
        case waiting(CheckedContinuation<Value?, Never>)
        case there(Value?)
        case taken
    }

    /// Brings the outcome; false where the caller has gone already.
    @discardableResult
    func resume(_ value: Value) -> Bool { settle(value) }

    /// Says that the time is up, or that the caller has withdrawn.
    func giveUp() { settle(nil) }

    /// Waits; to be called once. Nil where the deadline passed or the task was cancelled.
    ///
    /// - Parameter deadline: nil where only the task's end ends the wait.
    func value(until deadline: ContinuousClock.Instant?, by alarms: Alarms) async -> Value? {
        let alarm = deadline.map { alarms.set($0) { self.giveUp() } }
        defer { if let alarm { alarms.remove(alarm) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let there: Value?? = state.withLock { state in
                    if case .there(let value) = state {
                        state = .taken
                        return .some(value)
                    }
                    state = .waiting(continuation)
                    return nil
                }
                if let there { continuation.resume(returning: there) }
            }
        } onCancel: {
            giveUp()
        }
    }

    @discardableResult
    private func settle(_ value: Value?) -> Bool {
        let (waiting, isFirst) = state.withLock {
            state -> (CheckedContinuation<Value?, Never>?, Bool) in
            switch state {
            case .empty:
                state = .there(value)
                return (nil, true)
            case .waiting(let continuation):
                state = .taken
                return (continuation, true)
            case .there, .taken: return (nil, false)
            }
        }
        waiting?.resume(returning: value)
        return isFirst
    }
}

/// Deadlines of all who wait, watched by one task while there are any; a tenth of a second late at
/// most.
final class Alarms: Sendable {
    private let state = Mutex(State())

    private struct State {
        var next: UInt64 = 0
        var alarms: [UInt64: (ContinuousClock.Instant, @Sendable () -> Void)] = [:]
        var isWatched = false
    }

    /// Calls `ring` once the deadline has passed, unless it is removed before.
    func set(_ deadline: ContinuousClock.Instant, ring: @escaping @Sendable () -> Void) -> UInt64 {
        let (number, startsWatch) = state.withLock { state in
            state.next += 1
            state.alarms[state.next] = (deadline, ring)
            let startsWatch = !state.isWatched
            state.isWatched = true
            return (state.next, startsWatch)
        }
        if startsWatch { Task { await watch() } }
        return number
    }

    /// Forgets one; it does not ring any more.
    func remove(_ number: UInt64) {
        state.withLock { _ = $0.alarms.removeValue(forKey: number) }
    }

    private func watch() async {
        while true {
            // Never cancelled: nobody holds this task.
            try? await Task.sleep(for: .milliseconds(100))
            let now = ContinuousClock.now
            let due: [@Sendable () -> Void]? = state.withLock { state in
                guard !state.alarms.isEmpty else {
                    state.isWatched = false
                    return nil
                }
                let due = state.alarms.filter { $0.value.0 <= now }
                for number in due.keys { state.alarms[number] = nil }
                return due.values.map(\.1)
            }
            guard let due else { return }
            for ring in due { ring() }
        }
    }
}
