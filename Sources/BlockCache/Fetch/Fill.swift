internal import Synchronization
internal import VolumeModel

/// Makes blocks of the pieces that a source delivers, for one flight.
final class Fill: Sendable {
    private let object: SharedObject
    private let flight: FlightID
    private let source: any BlockSource
    /// Blocks that a reader asked for: they are taken whatever the memory.
    private let asked: Range<Int>
    /// Holds the source up while memory is short; nil for requests that are small enough.
    private let pace: FillPace?

    init(
        object: SharedObject, flight: FlightID, source: any BlockSource, asked: Range<Int>,
        isPaced: Bool
    ) {
        pace = isPaced ? FillPace(object.core) : nil
        self.object = object
        self.flight = flight
        self.source = source
        self.asked = asked
    }

    /// Fetches neighbouring blocks; each is handed on as soon as it is whole.
    ///
    /// - Parameter files: nil where the bytes pass by the disk.
    /// - Throws: what the source throws; `.originUnavailable` where it gave too few bytes or too
    ///   many; `.busy` where there was no memory for blocks that nobody waits for.
    func fetch(_ blocks: Range<Int>, into files: ObjectFiles?) async throws(PerigeeError) {
        let progress = Mutex(Progress(next: blocks.lowerBound))
        let shared = Shared(progress: progress)
        object.core.tally.add(to: \.upstreamRequests)
        let range = object.geometry.bytes(of: blocks)
        let deliver: @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void = {
            bytes throws(PerigeeError) in
            try self.take(bytes, of: blocks, shared, keeps: files != nil)
            self.pace?.holdIfFull()
        }
        if let pace {
            try await source.fetch(range, pace: pace.pace, deliver: deliver)
        } else {
            try await source.fetch(range, deliver: deliver)
        }
        try shared.progress.withLock { progress throws(PerigeeError) in
            progress.isOver = true
            guard progress.next == blocks.upperBound else {
                throw self.object.wrongLength("fewer")
            }
        }
    }

    private struct Progress {
        var next: Int
        var buffer: BlockBuffer?
        var isOver = false
    }

    private final class Shared: Sendable {
        let progress: Mutex<Progress>
        init(progress: consuming Mutex<Progress>) { self.progress = progress }
    }

    private func take(
        _ bytes: UnsafeRawBufferPointer, of blocks: Range<Int>, _ shared: Shared, keeps: Bool
    ) throws(PerigeeError) {
        object.core.tally.add(bytes.count, to: \.upstreamBytes)
        var rest = bytes
        try shared.progress.withLock { progress throws(PerigeeError) in
            while !rest.isEmpty {
                guard progress.next < blocks.upperBound, !progress.isOver else {
                    throw object.wrongLength("more")
                }
                let buffer: BlockBuffer
                if let begun = progress.buffer {
                    buffer = begun
                } else {
                    try makeRoom(for: progress.next)
                    let range = object.geometry.bytes(of: progress.next)
                    buffer = BlockBuffer(count: range.count, budget: object.core.memory)
                    progress.buffer = buffer
                }
                let taken = buffer.fill(rest)
                rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
                guard buffer.isFull else { continue }
                progress.buffer = nil
                object.take(buffer, progress.next, flight: flight, keeps: keeps)
                progress.next += 1
            }
        }
    }

    /// What nobody waits for is not worth going over the budget.
    private func makeRoom(for block: Int) throws(PerigeeError) {
        let memory = object.core.memory
        // A source that is held up has a piece or two on their way then.
        let limit = pace == nil ? memory.limit : memory.limit * 2
        guard memory.used + BlockGeometry.blockSize > limit else { return }
        object.core.recent.removeAll()
        guard memory.used + BlockGeometry.blockSize > limit, !asked.contains(block),
            !object.isAwaited(block)
        else { return }
        object.core.tally.add(to: \.cutRequests)
        throw PerigeeError(
            .busy, "no memory is left for blocks that nobody waits for",
            remedy: "give the cache more memory")
    }
}
