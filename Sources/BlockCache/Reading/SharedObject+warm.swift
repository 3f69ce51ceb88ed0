internal import Synchronization
internal import VolumeModel

/// Fetching without reading, and wishes for eviction.
extension SharedObject {
    /// Those of the flights that are not over.
    func stillFlying(_ flights: [FlightID]) -> [FlightID] {
        state.withLock { state in flights.filter { state.flights[$0] != nil } }
    }

    /// Fetches what is missing of a range, some requests at a time, and waits for it.
    func warm(
        _ range: Range<Int64>, until deadline: ContinuousClock.Instant,
        from source: any BlockSource, group: String
    ) async throws(PerigeeError) {
        let portion = max(1, Int(core.limits.maximumRequest) / BlockGeometry.blockSize) * 4
        let all = geometry.blocks(of: range)
        for first in stride(from: all.lowerBound, to: all.upperBound, by: portion) {
            let blocks = first..<min(first + portion, all.upperBound)
            var joined = launch(demand: blocks, ahead: [], from: source, group: group).byReader
            defer { release(joined) }
            for block in blocks {
                while let (wait, flight) = waitIfFlying(block) {
                    joined.append(flight)
                    switch await wait.value(until: deadline, by: core.alarms) {
                    case .bytes, .again: break
                    case .failed(let error): throw error
                    case nil:
                        throw Task.isCancelled
                            ? PerigeeError(.cancelled, "warming was withdrawn")
                            : PerigeeError(
                                .timedOut,
                                "\(Printable.quoted(id.key)) did not come in time",
                                remedy: "check the origin's server, and the way to it")
                    }
                }
            }
        }
    }

    private func waitIfFlying(_ block: Int) -> (Wait<BlockOutcome>, FlightID)? {
        state.withLock { state in
            guard let flight = state.flightOf[block] else { return nil }
            state.flights[flight]?.interest += 1
            return (state.wait(for: block), flight)
        }
    }

    /// Marks blocks in memory, and in the map where it can be written.
    func pin(_ runs: [Range<Int>]) {
        state.withLock { state in
            for block in runs.joined() { state.blocks[block].insert(.pinned) }
        }
        core.disk.add { [self] in
            guard let files = state.withLock({ $0.files }) else { return }
            do throws(DiskFault) {
                for block in runs.joined() { try pin(block, in: files) }
            } catch {
                core.diskFailed(error, "writing a map of the cache")
            }
        }
    }

    private func pin(_ block: Int, in files: ObjectFiles) throws(DiskFault) {
        try files.changeMap { () throws(DiskFault) in
            var record = try files.records(of: block..<block + 1)[0]
            guard !record.flags.contains(.pinned) else { return }
            // One that is being fetched is marked when it is written.
            let isFree = state.withLock { state in
                state.arrived[block] == nil && state.flightOf[block] == nil
            }
            guard isFree, files.lock(block..<block + 1) else { return }
            defer { files.unlock(block..<block + 1) }
            record = try files.records(of: block..<block + 1)[0]
            record.flags.insert(.pinned)
            try files.write([record], at: block)
        }
    }
}
