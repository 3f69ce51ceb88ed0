internal import Glibc
internal import Synchronization

/// How often SIGINT or SIGTERM came. A global, since a signal handler can hold nothing.
private let signals = Atomic(0)

/// SIGINT and SIGTERM during a command that can be stopped: the first asks it to stop, the second
/// ends the process at once.
struct Interruption: Sendable {
    init() {
        // Made now: a global's first use must not be inside a handler.
        signals.store(0, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                let (_, count) = signals.add(1, ordering: .relaxed)
                if count > 1 { _exit(128 + number) }
            }
        }
    }

    /// Whether the command should stop.
    var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }
}
