internal import Catalogue
internal import Dispatch
internal import Synchronization
internal import VolumeModel

/// Hashes of leaves that are in use, read out of side files once and compared with their roots.
///
/// Bounded: 32 bytes a leaf, so that a file of 50 GiB has 1.6 MB of them.
final class LeafLists: Sendable {
    private struct State {
        var lists: [TreeDigest: (leaves: [UInt8], lastUse: UInt64)] = [:]
        var bytes = 0
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    /// Reading waits for the disk, and comparing takes a while: neither on threads that tasks share.
    private let queue = DispatchQueue(label: "perigee.leaves")
    private let limit: Int

    /// - Parameter limit: bytes of hashes; the list that was used last is kept whatever it has.
    init(limit: Int = 8 << 20) { self.limit = limit }

    /// The hashes that a digest is made from.
    ///
    /// - Parameter load: reads and compares them, on a thread that may wait.
    /// - Throws: what `load` throws.
    func leaves(
        of digest: TreeDigest, load: @escaping @Sendable () throws(PerigeeError) -> [UInt8]
    ) async throws(PerigeeError) -> [UInt8] {
        if let known = known(digest) { return known }
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<[UInt8], PerigeeError>, Never>) in
            queue.async {
                // Whoever came first has brought them meanwhile.
                if let known = self.known(digest) {
                    return continuation.resume(returning: .success(known))
                }
                do throws(PerigeeError) {
                    let leaves = try load()
                    self.keep(leaves, of: digest)
                    continuation.resume(returning: .success(leaves))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func known(_ digest: TreeDigest) -> [UInt8]? {
        state.withLock { state in
            guard let known = state.lists[digest] else { return nil }
            state.clock += 1
            state.lists[digest]?.lastUse = state.clock
            return known.leaves
        }
    }

    private func keep(_ leaves: [UInt8], of digest: TreeDigest) {
        state.withLock { state in
            state.clock += 1
            let before = state.lists.updateValue((leaves, state.clock), forKey: digest)
            state.bytes += leaves.count - (before?.leaves.count ?? 0)
            while state.bytes > limit, state.lists.count > 1,
                let oldest = state.lists.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.lists[oldest.key] = nil
                state.bytes -= oldest.value.leaves.count
            }
        }
    }
}
