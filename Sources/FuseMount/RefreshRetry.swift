internal import Dispatch
internal import Synchronization
internal import VolumeFileSystem

/// Tries again to see which revisions are current, where that failed before.
///
/// It asks the state folder's disk, which may not answer: on a thread of its own, one attempt at a
/// time, for which neither the deadlines of requests nor the end of a mount wait.
final class RefreshRetry: Sendable {
    private let system: VolumeFileSystem
    private let queue = DispatchQueue(label: "perigee.refresh")
    private let isUnderWay = Atomic(false)

    init(_ system: VolumeFileSystem) { self.system = system }

    /// Begins an attempt, unless one is under way.
    func begin() {
        guard !isUnderWay.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.async { [self] in
            system.refreshIfNeeded()
            isUnderWay.store(false, ordering: .releasing)
        }
    }
}
