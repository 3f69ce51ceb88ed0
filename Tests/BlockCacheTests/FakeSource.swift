import BlockCache
import PerigeeTesting
import Synchronization
import VolumeModel

/// A source of known bytes with latency and faults, which notes what it was asked.
final class FakeSource: BlockSource {
    struct Behaviour: Sendable {
        var latency = Duration.zero
        /// Bytes of one piece.
        var piece = 100_000
        /// Thrown instead of an answer.
        var failure: PerigeeError?
        /// Cuts the answer short, or makes it longer, by so many bytes.
        var excess = 0
        /// Bytes after which the answer stops until it is cancelled.
        var stallsAfter: Int?
        /// Thrown after so many bytes.
        var failsAfter: Int?
        /// Sends whole objects only: whatever is asked for, all before it was sent as well.
        var sendsWholeOnly = false
    }

    let known: KnownBytes
    let behaviour: Mutex<Behaviour>
    /// What holds the fetches up that can be.
    private let paces = Mutex<[ReadPace]>([])
    let unit: Int
    private let asked = Mutex<[Range<Int64>]>([])
    private let cancelled = Atomic<Int>(0)
    private let running = Mutex((now: 0, most: 0))

    init(
        _ id: CachedObjectID, _ behaviour: Behaviour = Behaviour(),
        unit: Int = BlockGeometry.blockSize
    ) {
        self.unit = unit
        known = KnownBytes(id.key, version: id.version)
        self.behaviour = Mutex(behaviour)
    }

    var requests: [Range<Int64>] { asked.withLock(\.self) }
    var cancellations: Int { cancelled.load(ordering: .relaxed) }
    var mostAtOnce: Int { running.withLock(\.most) }
    var now: Int { running.withLock(\.now) }

    var sendsWholeOnly: Bool { behaviour.withLock(\.sendsWholeOnly) }

    func fetch(
        _ range: Range<Int64>, pace: ReadPace,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        paces.withLock { $0.append(pace) }
        try await fetch(range, deliver: deliver)
    }

    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        asked.withLock { $0.append(range) }
        running.withLock { running in
            running.now += 1
            running.most = max(running.most, running.now)
        }
        defer { running.withLock { $0.now -= 1 } }
        let behaviour = behaviour.withLock(\.self)
        try await pause(behaviour.latency)
        if let failure = behaviour.failure { throw failure }
        var at = range.lowerBound
        let end = range.upperBound + Int64(behaviour.excess)
        while at < end {
            let done = Int(at - range.lowerBound)
            if let limit = behaviour.stallsAfter, done >= limit { try await pause(.seconds(600)) }
            if let limit = behaviour.failsAfter, done >= limit {
                throw PerigeeError(.originUnavailable, "the connection was cut")
            }
            let next = min(at + Int64(behaviour.piece), end)
            while paces.withLock({ $0.last?.mustWait {} ?? false }) {
                try await pause(.milliseconds(1))
            }
            // `withUnsafeBytes` of an array knows no typed throws.
            let fault = known.bytes(at..<next).withUnsafeBytes { bytes -> PerigeeError? in
                do throws(PerigeeError) {
                    try deliver(bytes)
                    return nil
                } catch {
                    return error
                }
            }
            if let fault { throw fault }
            at = next
            await Task.yield()
        }
    }

    private func pause(_ duration: Duration) async throws(PerigeeError) {
        if duration == .zero { return }
        do {
            try await Task.sleep(for: duration)
        } catch {
            cancelled.add(1, ordering: .relaxed)
            throw PerigeeError(.cancelled, "withdrawn")
        }
    }
}
