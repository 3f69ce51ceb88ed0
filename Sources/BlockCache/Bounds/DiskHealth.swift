/// How the cache's disk does: whether blocks are written to it, and whether it is read.
///
/// Three errors without ten successes between them make it unstable: nothing is written until
/// probes have gone well for a while. Where probes fail for longer it is down and is not read
/// either. A full disk is none of that: writing rests for some seconds, while eviction makes room.
package struct DiskHealth: Hashable, Sendable {
    /// The states that an operator sees.
    package enum State: String, Hashable, Sendable {
        /// Read and written.
        case normal
        /// Read only.
        case unstable
        /// Not used; all bytes pass by.
        case down
    }

    /// What is done with the disk.
    package private(set) var state: State = .normal
    private var errors = 0
    private var successes = 0
    private var unstableSince: Double = 0
    private var fullUntil: Double = 0

    static let errorLimit = 3
    static let probesForRecovery = 5
    static let secondsUntilDown: Double = 30
    static let secondsOfRest: Double = 2

    /// Starts as a disk that does well.
    package init() {}

    /// Whether blocks may be written.
    package func mayWrite(at now: Double) -> Bool { state == .normal && now >= fullUntil }

    /// Whether blocks may be read.
    package var mayRead: Bool { state != .down }

    /// A call failed.
    ///
    /// - Parameter now: seconds of any clock that only goes forward, as everywhere here.
    package mutating func failed(at now: Double) {
        successes = 0
        errors += 1
        switch state {
        case .normal where errors >= Self.errorLimit:
            state = .unstable
            unstableSince = now
        case .unstable where now - unstableSince >= Self.secondsUntilDown: state = .down
        case .normal, .unstable, .down: break
        }
    }

    /// There was no room.
    package mutating func wasFull(at now: Double) { fullUntil = now + Self.secondsOfRest }

    /// A call went well.
    package mutating func succeeded() {
        guard state == .normal, errors > 0 else { return }
        successes += 1
        if successes >= 10 {
            errors = 0
            successes = 0
        }
    }

    /// A probe (a small file written, synced, read and compared) went well or not.
    package mutating func probed(isGood: Bool, at now: Double) {
        guard state != .normal else { return }
        guard isGood else { return failed(at: now) }
        successes += 1
        if state == .down {
            state = .unstable
            unstableSince = now
        }
        if successes >= Self.probesForRecovery {
            state = .normal
            errors = 0
            successes = 0
        }
    }
}
