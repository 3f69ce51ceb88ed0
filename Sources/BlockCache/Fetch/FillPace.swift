internal import Synchronization
internal import VolumeModel

/// Holds a source up while blocks in memory are more than they may be.
final class FillPace: Sendable {
    /// What the source looks at.
    let pace = ReadPace()
    private let core: CacheCore
    private let isHeld = Atomic(false)

    init(_ core: CacheCore) { self.core = core }

    /// To be called after each piece.
    func holdIfFull() {
        let limit = core.memory.limit
        guard core.memory.used > limit / 4 * 3,
            !isHeld.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        pace.pause()
        Task {
            let end = core.diskDeadline
            // A disk that does not get on with it is found out by those who write to it.
            while core.memory.used > limit / 2, ContinuousClock.now < end {
                core.recent.removeAll()
                try? await Task.sleep(for: .milliseconds(1))
            }
            isHeld.store(false, ordering: .releasing)
            pace.resume()
        }
    }
}
