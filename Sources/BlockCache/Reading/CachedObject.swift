internal import Synchronization
package import VolumeModel

/// One object version, open for reading through the cache.
///
/// Any thread may call it, also several at once; reads of one handle tell what it will want next.
package final class CachedObject: Sendable {
    /// The version.
    package let id: CachedObjectID
    private let source: any BlockSource
    private let group: String
    private let onClose: @Sendable (SharedObject) -> Void
    private let state: Mutex<State>

    private struct State {
        /// Nil once closed, so that its files and their locks go with the last handle.
        var shared: SharedObject?
        var streams: ReadStreams
        /// Flights that this handle wants whoever reads.
        var flights: [FlightID] = []
    }

    init(
        _ shared: SharedObject, source: any BlockSource, group: String,
        onClose: @escaping @Sendable (SharedObject) -> Void
    ) {
        id = shared.id
        self.source = source
        self.group = group
        self.onClose = onClose
        state = Mutex(
            State(
                shared: shared,
                streams: ReadStreams(
                    size: shared.id.size, maximumRequest: shared.core.requestLimit)))
    }

    deinit { close() }

    private var shared: SharedObject? { state.withLock(\.shared) }

    private var closedError: PerigeeError {
        PerigeeError(.invalidArgument, "\(Printable.quoted(id.key)) is closed")
    }

    /// Fills `buffer` with the bytes of `range` where all of them are verified and in memory;
    /// false, with anything in the buffer, where that is not so.
    ///
    /// Never waits, and may be called on an event loop. What the read tells of those to come is
    /// used either way.
    package func readNow(_ range: Range<Int64>, into buffer: UnsafeMutableRawBufferPointer) -> Bool
    {
        guard range.lowerBound >= 0, range.upperBound <= id.size, buffer.count >= range.count
        else { return false }
        guard let shared, shared.isCacheable, shared.readNow(range, into: buffer)
        else { return false }
        fetchAhead(of: range, of: shared)
        return true
    }

    /// Fills the first bytes of `buffer` with those of `range`.
    ///
    /// - Parameter deadline: how long it may take; by default what the cache's limits say.
    /// - Throws: `.timedOut` at the deadline, `.cancelled` with the task, `.stale`,
    ///   `.originUnavailable` and `.originDenied` as the source says, `.invalidArgument` where the
    ///   object has no such range. Never for a fault of the cache's own disk.
    package func read(
        _ range: Range<Int64>, into buffer: UnsafeMutableRawBufferPointer,
        deadline: Duration? = nil
    ) async throws(PerigeeError) {
        guard range.lowerBound >= 0, range.upperBound <= id.size, buffer.count >= range.count
        else {
            throw PerigeeError(
                .invalidArgument,
                "bytes \(range) of \(Printable.quoted(id.key)), which has \(id.size)")
        }
        guard !range.isEmpty else { return }
        guard let shared else { throw closedError }
        let end = ContinuousClock.now + (deadline ?? shared.core.limits.readDeadline)
        guard shared.isCacheable else {
            return try await shared.readPast(range, into: buffer, from: source, until: end)
        }
        let launched = fetchAhead(of: range, of: shared, demand: shared.geometry.blocks(of: range))
        try await shared.read(
            range, into: buffer, until: end, from: source, group: group, joined: launched)
    }

    /// A descriptor of a file with the object's bytes, once every block of it is there and has been
    /// checked since this process started; nil before.
    ///
    /// For reading only, by the kernel or sendfile. Valid until this handle is closed. The file is
    /// never cut or punched while it is complete; eviction takes its name away and leaves the bytes
    /// to those who have it open.
    package var completeDescriptor: Int32? {
        shared?.completeDescriptor
    }

    /// Fetches what is missing of a range, and waits for it.
    ///
    /// - Throws: as `read`.
    package func warm(_ range: Range<Int64>, deadline: Duration? = nil) async throws(PerigeeError) {
        let range = range.clamped(to: 0..<id.size)
        guard let shared else { throw closedError }
        guard shared.isCacheable else { return }
        let end = ContinuousClock.now + (deadline ?? shared.core.limits.readDeadline)
        try await shared.warm(range, until: end, from: source, group: group)
    }

    /// Asks eviction to leave the blocks of these ranges for last: header blocks, index footers.
    package func pin(_ extents: [Range<Int64>]) {
        guard let shared, shared.isCacheable else { return }
        shared.pin(extents.map { shared.geometry.blocks(of: $0) })
    }

    /// Gives the handle back. What was being fetched for it alone is given up; a second call does
    /// nothing.
    package func close() {
        let (open, flights) = state.withLock { state -> (SharedObject?, [FlightID]) in
            defer { state.shared = nil }
            return (state.shared, state.flights)
        }
        guard let shared = open else { return }
        shared.release(flights)
        onClose(shared)
    }

    /// Notes a read, and starts what it asks for; gives the flights that the reader waits for.
    @discardableResult
    private func fetchAhead(
        of range: Range<Int64>, of shared: SharedObject, demand: Range<Int> = 0..<0
    ) -> [FlightID] {
        let core = shared.core
        let isLost = !demand.isEmpty && shared.isMissing(demand.lowerBound)
        let ahead = state.withLock { state in
            state.streams.note(
                range, limit: core.limits.maximumWindow, room: core.roomAhead, isLost: isLost)
        }
        guard !ahead.isEmpty else { return [] }
        let launched = shared.launch(
            demand: demand, ahead: ahead.map { shared.geometry.blocks(of: $0) }, from: source,
            group: group)
        guard !launched.byHandle.isEmpty else { return launched.byReader }
        let isClosed = state.withLock { state in
            if state.shared == nil { return true }
            state.flights += launched.byHandle
            if state.flights.count > 64 {
                state.flights = shared.stillFlying(state.flights)
            }
            return false
        }
        if isClosed { shared.release(launched.byHandle) }
        return launched.byReader
    }
}
