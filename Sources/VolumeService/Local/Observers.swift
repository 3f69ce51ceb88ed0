internal import Synchronization

/// Who wants to hear of changes.
///
/// No lock is held while one is called, so an observer may call the service back.
final class Observers: Sendable {
    private let state = Mutex(State())

    private struct State {
        var next = 0
        var observers: [Int: @Sendable (ServiceChange) -> Void] = [:]
    }

    func add(_ observer: @escaping @Sendable (ServiceChange) -> Void) -> Observation {
        let key = state.withLock { state in
            state.next += 1
            state.observers[state.next] = observer
            return state.next
        }
        return Observation { [weak self] in
            _ = self?.state.withLock { $0.observers.removeValue(forKey: key) }
        }
    }

    func tell(_ change: ServiceChange) {
        let observers = state.withLock { Array($0.observers.values) }
        for observer in observers { observer(change) }
    }
}
