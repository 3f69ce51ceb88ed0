internal import ControlStore
internal import Origins
internal import Synchronization
internal import VolumeModel

/// The origin roots that are in use, each with its own threads where it lies on a network.
final class OriginRoots: Sendable {
    private let roots = Mutex<[OriginRoot: POSIXRoot]>([:])
    /// How long a call on a network root may take.
    private let deadline: Duration

    init(deadline: Duration) { self.deadline = deadline }

    /// The open root of a record.
    ///
    /// - Throws: `.originUnavailable`, `.notADirectory`, `.originDenied`.
    func root(_ record: OriginRoot) throws(PerigeeError) -> POSIXRoot {
        if let known = roots.withLock({ $0[record] }) { return known }
        let path = try record.folder()
        let opened = try POSIXRoot(
            path: path, files: record.files, locality: record.locality, deadline: deadline)
        return roots.withLock { roots in
            // One for each record, since a network root's threads are its bound.
            if let known = roots[record] { return known }
            roots[record] = opened
            return opened
        }
    }

    /// Lets go of the roots that are no longer in `records`.
    func keep(_ records: [OriginRoot]) {
        let wanted = Set(records)
        roots.withLock { roots in roots = roots.filter { wanted.contains($0.key) } }
    }
}
