internal import Synchronization

/// Jobs that were begun and ended: whether those who do them get anywhere.
package final class WorkCount: Sendable {
    private let begun = Atomic(0)
    private let ended = Atomic(0)

    /// Jobs that have ended since the start.
    package var done: Int { ended.load(ordering: .relaxed) }

    /// Whether any job waits or is being done.
    package var isBusy: Bool { begun.load(ordering: .relaxed) != done }

    func begin() { begun.add(1, ordering: .relaxed) }

    func end() { ended.add(1, ordering: .relaxed) }
}

/// Whether somebody still waits for an answer.
final class Asker: Sendable {
    private let left = Atomic(false)

    var hasLeft: Bool { left.load(ordering: .relaxed) }

    func leave() { left.store(true, ordering: .relaxed) }
}
