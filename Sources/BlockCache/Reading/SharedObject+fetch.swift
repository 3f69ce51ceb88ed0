internal import Synchronization
internal import VolumeModel

/// Fetching blocks, each once however many wait for it.
extension SharedObject {
    /// Flights that a call has begun, and who is interested in each.
    struct Launched {
        /// The caller, until it has read.
        var byReader: [FlightID] = []
        /// The handle, until it is closed: blocks that nobody has asked for yet.
        var byHandle: [FlightID] = []
    }

    /// Starts requests for those of the blocks that are neither here nor on their way.
    ///
    /// Neighbours are one request, up to the limit of one.
    /// - Parameters:
    ///   - demand: what a reader waits for.
    ///   - ahead: what it will want.
    func launch(
        demand: Range<Int>, ahead: [Range<Int>], from source: any BlockSource, group: String
    ) -> Launched {
        let isWhole = source.sendsWholeOnly
        let unit = max(1, source.unit / BlockGeometry.blockSize)
        let perRequest =
            isWhole
            ? geometry.count
            : max(unit, Int(core.limits.maximumRequest) / BlockGeometry.blockSize / unit * unit)
        let demand = widened(demand, to: unit)
        var launched = Launched()
        var started: [(FlightID, Flight)] = []
        let mayRead = core.mayRead
        state.withLock { state in
            var runs = Self.joined(demand, ahead.map { widened($0, to: unit) })
            if isWhole {
                // What stands before a block comes with it anyway, and what is behind it would cost all of
                // it once more.
                let isAsked = runs.contains { run in
                    run.contains { state.isMissing($0, mayRead: mayRead) }
                }
                runs = isAsked ? [0..<geometry.count] : []
            }
            for run in runs {
                var next = run.lowerBound
                while next < run.upperBound {
                    guard state.isMissing(next, mayRead: mayRead) else {
                        next += 1
                        continue
                    }
                    let first = next
                    while next < run.upperBound, next - first < perRequest,
                        state.isMissing(next, mayRead: mayRead)
                    { next += 1 }
                    let blocks = first..<next
                    let isDemand = blocks.overlaps(demand)
                    let isAhead = !demand.contains(first) || blocks.upperBound > demand.upperBound
                    let id = FlightID(number: state.nextFlight)
                    state.nextFlight += 1
                    let flight = Flight(
                        blocks: blocks, isDemand: isDemand, isPaced: isWhole,
                        ticket: core.slots.ticket(),
                        interest: (isDemand ? 1 : 0) + (isAhead ? 1 : 0))
                    if isDemand { launched.byReader.append(id) }
                    if isAhead { launched.byHandle.append(id) }
                    state.flights[id] = flight
                    for block in blocks { state.flightOf[block] = id }
                    if !isWhole { core.asked(forBlocks: blocks.count) }
                    started.append((id, flight))
                }
            }
        }
        for (id, flight) in started {
            let task = Task {
                await self.fly(id, flight, from: source, group: group, asked: demand)
            }
            let isWanted = state.withLock { state in
                state.flights[id]?.task = task
                return (state.flights[id]?.interest ?? 1) > 0
            }
            // Everybody has gone before there was a task to be cancelled.
            if !isWanted { task.cancel() }
        }
        return launched
    }

    /// The blocks of whole units that a range touches.
    private func widened(_ blocks: Range<Int>, to unit: Int) -> Range<Int> {
        guard unit > 1, !blocks.isEmpty else { return blocks }
        let start = blocks.lowerBound / unit * unit
        return start..<min((blocks.upperBound + unit - 1) / unit * unit, geometry.count)
    }

    /// Whether a block is neither here nor on its way.
    func isMissing(_ block: Int) -> Bool {
        let mayRead = core.mayRead
        return state.withLock { $0.isMissing(block, mayRead: mayRead) }
    }

    /// Somebody does not wait for these any more; a flight that nobody wants is given up.
    func release(_ flights: some Sequence<FlightID>) {
        var unwanted: [Task<Void, Never>] = []
        state.withLock { state in
            for id in flights {
                guard var flight = state.flights[id] else { continue }
                flight.interest -= 1
                state.flights[id] = flight
                if flight.interest <= 0, let task = flight.task { unwanted.append(task) }
            }
        }
        for task in unwanted { task.cancel() }
    }

    /// A reader waits for a flight that was begun ahead of readers.
    func promote(_ id: FlightID) {
        let ticket = state.withLock { $0.flights[id]?.ticket }
        if let ticket { core.slots.promote(ticket) }
    }

    /// The demand with the first range that goes on where it ends, and the other ranges: they are
    /// requests of their own, so that several are under way at once.
    private static func joined(_ demand: Range<Int>, _ ahead: [Range<Int>]) -> [Range<Int>] {
        guard !demand.isEmpty,
            let next = ahead.firstIndex(where: { demand.contains($0.lowerBound - 1) })
        else { return [demand] + ahead }
        var rest = ahead
        let end = max(demand.upperBound, rest.remove(at: next).upperBound)
        return [demand.lowerBound..<end] + rest
    }

    // MARK: One flight

    /// What other processes have done, or are doing, with blocks that are wanted here.
    struct Claim: Sendable {
        /// Ours to fetch; locked.
        var mine: [Range<Int>] = []
        /// There already.
        var present: [Int] = []
        /// Another process fetches them.
        var foreign: [Range<Int>] = []

        static func add(_ block: Int, to runs: inout [Range<Int>]) {
            if let last = runs.last, last.upperBound == block {
                runs[runs.count - 1] = last.lowerBound..<block + 1
            } else {
                runs.append(block..<block + 1)
            }
        }
    }

    private func fly(
        _ id: FlightID, _ flight: Flight, from source: any BlockSource, group: String,
        asked: Range<Int>
    ) async {
        var outcome = BlockOutcome.again
        if await core.slots.take(flight.ticket, group: group, isDemand: flight.isDemand) {
            let hasMemory = await core.waitForMemory()
            let files = core.mayWrite && hasMemory ? state.withLock { $0.files } : nil
            let fill = Fill(
                object: self, flight: id, source: source, asked: flight.isDemand ? asked : 0..<0,
                isPaced: flight.isPaced)
            var foreign: [Range<Int>] = []
            do throws(PerigeeError) {
                if let files, let claim = await claim([flight.blocks], in: files) {
                    foreign = claim.foreign
                    for run in claim.mine { try await fill.fetch(run, into: files) }
                } else {
                    try await fill.fetch(flight.blocks, into: nil)
                }
            } catch {
                outcome = Self.outcome(of: error)
            }
            core.slots.give(flight.ticket)
            if case .again = outcome, let files, !foreign.isEmpty {
                outcome = await follow(foreign, of: flight, files, fill, group: group)
            }
        }
        land(id, outcome)
    }

    /// Waits for blocks that another process fetches, and fetches those that it has given up.
    private func follow(
        _ runs: [Range<Int>], of flight: Flight, _ files: ObjectFiles, _ fill: Fill, group: String
    ) async -> BlockOutcome {
        var rest = runs
        var pause = Duration.milliseconds(1)
        var end = ContinuousClock.now + core.limits.foreignDeadline
        do throws(PerigeeError) {
            while !rest.isEmpty {
                do { try await Task.sleep(for: pause) } catch { return .again }
                guard let claim = await claim(rest, in: files) else { break }
                if claim.mine.isEmpty && claim.present.isEmpty {
                    pause = min(pause * 2, .milliseconds(20))
                } else {
                    pause = .milliseconds(1)
                    end = .now + core.limits.foreignDeadline
                }
                rest = claim.foreign
                let isLate = ContinuousClock.now > end
                if claim.mine.isEmpty && !isLate { continue }
                let ticket = core.slots.ticket()
                guard await core.slots.take(ticket, group: group, isDemand: flight.isDemand) else {
                    return .again
                }
                defer { core.slots.give(ticket) }
                for run in claim.mine { try await fill.fetch(run, into: files) }
                // Whoever holds it does not move: its bytes go past the disk.
                guard isLate else { continue }
                for run in rest { try await fill.fetch(run, into: nil) }
                rest = []
            }
        } catch {
            return Self.outcome(of: error)
        }
        return .again
    }

    private static func outcome(of error: PerigeeError) -> BlockOutcome {
        // The flight was withdrawn or cut off, which is no fault of those that wait now.
        error.code == .cancelled || error.code == .busy ? .again : .failed(error)
    }

    /// Looks what the map says of blocks, and locks those that are to be fetched here. Nil where
    /// the disk does not answer.
    private func claim(_ runs: [Range<Int>], in files: ObjectFiles) async -> Claim? {
        let claim = await core.onDisk(
            until: core.diskDeadline,
            abandoned: { (claim: Claim?) in
                for run in claim?.mine ?? [] { files.unlock(run) }
            },
            { () -> Claim? in
                do throws(DiskFault) {
                    return try Self.claim(runs, in: files)
                } catch {
                    self.core.diskFailed(error, "reading a map of the cache")
                    return nil
                }
            })
        guard let claim else {
            if !Task.isCancelled { core.diskWasLate("reading a map of the cache") }
            return nil
        }
        if let claim { settle(present: claim.present) }
        return claim
    }

    private static func claim(_ runs: [Range<Int>], in files: ObjectFiles) throws(DiskFault)
        -> Claim
    {
        let boot = BlockRecord.presentBoot
        var claim = Claim()
        for run in runs {
            // Mostly nobody else is there, and one lock does it.
            let isWhole = files.lock(run)
            var locked: [Int] = []
            for block in run {
                if isWhole || files.lock(block..<block + 1) { locked.append(block) }
            }
            let records: [BlockRecord]
            do throws(DiskFault) {
                records = try files.records(of: run)
            } catch {
                for block in locked { files.unlock(block..<block + 1) }
                for run in claim.mine { files.unlock(run) }
                throw error
            }
            var next = locked.makeIterator()
            var nextLocked = next.next()
            for (block, record) in zip(run, records) {
                let isLocked = nextLocked == block
                if isLocked { nextLocked = next.next() }
                if record.isPresent(boot: boot) {
                    claim.present.append(block)
                    if isLocked { files.unlock(block..<block + 1) }
                } else if isLocked {
                    Claim.add(block, to: &claim.mine)
                } else {
                    Claim.add(block, to: &claim.foreign)
                }
            }
        }
        return claim
    }

    /// Blocks that another process has brought.
    private func settle(present: [Int]) {
        guard !present.isEmpty else { return }
        var waits: [Wait<BlockOutcome>] = []
        state.withLock { state in
            for block in present {
                noLongerAsked(state.land(block))
                state.blocks[block].insert(.present)
                waits += state.waits.removeValue(forKey: block) ?? []
            }
        }
        for wait in waits { wait.resume(.again) }
    }

    /// A whole block came.
    func take(_ buffer: BlockBuffer, _ block: Int, flight: FlightID, keeps: Bool) {
        var startsWriter = false
        let waits = state.withLock { state -> [Wait<BlockOutcome>] in
            guard state.flightOf[block] == flight else { return [] }
            noLongerAsked(state.land(block))
            if keeps {
                state.arrived[block] = buffer
                state.unwritten.append(block)
                if state.flights[flight]?.isDemand == false {
                    state.blocks[block].insert(.ahead)
                }
                startsWriter = !state.isWriting
                state.isWriting = true
            }
            return state.waits.removeValue(forKey: block) ?? []
        }
        if !keeps { core.recent.insert(buffer, block, of: self) }
        if startsWriter { core.disk.add { self.write() } }
        for wait in waits { wait.resume(.bytes(buffer)) }
    }

    /// Whether somebody waits for the block, who must have it whatever the memory.
    func isAwaited(_ block: Int) -> Bool { state.withLock { $0.waits[block] != nil } }

    /// The flight is over: those of its blocks that did not come are free for another one.
    private func land(_ id: FlightID, _ outcome: BlockOutcome) {
        var waits: [Wait<BlockOutcome>] = []
        state.withLock { state in
            guard let flight = state.flights[id] else { return }
            for block in flight.blocks where state.flightOf[block] == id {
                // Before it leaves the table: a new flight's lock must not be given up here.
                state.files?.unlock(block..<block + 1)
                noLongerAsked(state.land(block))
                waits += state.waits.removeValue(forKey: block) ?? []
            }
            state.flights[id] = nil
        }
        for wait in waits { wait.resume(outcome) }
    }

    private func noLongerAsked(_ flight: Flight?) {
        if let flight, !flight.isPaced { core.asked(forBlocks: -1) }
    }
}

extension SharedObject.State {
    /// A block is not on its way any more; the flight that it was on.
    mutating func land(_ block: Int) -> Flight? {
        flightOf.removeValue(forKey: block).flatMap { flights[$0] }
    }

    /// Whether a block has to be fetched.
    func isMissing(_ block: Int, mayRead: Bool) -> Bool {
        arrived[block] == nil && flightOf[block] == nil && !blocks[block].contains(.checking)
            && (!mayRead || files == nil || blocks[block].isDisjoint(with: [.present, .verified]))
    }
}
