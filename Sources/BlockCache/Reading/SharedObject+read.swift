internal import Synchronization
internal import VolumeModel

/// Reading bytes, from wherever they are.
extension SharedObject {
    /// How a reader came to the block that it is at.
    private enum Way {
        case here
        case awaited
        case wasAhead
    }

    /// Fills `buffer` with the bytes of `range`, which the object has.
    ///
    /// - Throws: `.timedOut`, `.cancelled`, and what the source throws.
    func read(
        _ range: Range<Int64>, into buffer: UnsafeMutableRawBufferPointer,
        until deadline: ContinuousClock.Instant, from source: any BlockSource, group: String,
        joined launched: [FlightID]
    ) async throws(PerigeeError) {
        var joined = launched
        defer { release(joined) }
        var at = range.lowerBound
        var way = Way.here
        while at < range.upperBound {
            let done = Int(at - range.lowerBound)
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<range.count])
            switch step(at: at, end: range.upperBound) {
            case .memory(let bytes, let block):
                let count = copy(bytes, of: block, from: at, to: rest)
                note(count, at: at, way, isKept: core.mayWrite)
                at += Int64(count)
                way = .here
            case .disk(let files, let part, let generation):
                guard try await self.read(part, in: files, into: rest, generation, deadline) else {
                    continue
                }
                note(part.count, at: at, way, isKept: true)
                at = part.upperBound
                way = .here
            case .check(let files, let blocks):
                core.disk.add { self.check(blocks, in: files) }
            case .fetch(let blocks):
                let more = launch(demand: blocks, ahead: [], from: source, group: group)
                joined += more.byReader
                way = .awaited
            case .wait(let wait, let flight, let isAhead):
                if let flight {
                    joined.append(flight)
                    if isAhead { promote(flight) }
                    if way == .here { way = isAhead ? .wasAhead : .awaited }
                }
                // The disk has a deadline of its own, after which bytes go past it.
                let end = flight == nil ? min(deadline, core.diskDeadline) : deadline
                switch await wait.value(until: end, by: core.alarms) {
                case .bytes(let bytes):
                    let block = Int(at / Int64(BlockGeometry.blockSize))
                    let count = copy(bytes, of: block, from: at, to: rest)
                    note(count, at: at, way, isKept: core.mayWrite)
                    at += Int64(count)
                    way = .here
                case .again: break
                case .failed(let error): throw error
                case nil where flight == nil && ContinuousClock.now < deadline && !Task.isCancelled:
                    core.diskWasLate("checking the cache")
                    let part = geometry.bytes(of: Int(at / Int64(BlockGeometry.blockSize)))
                        .clamped(to: at..<range.upperBound)
                    try await readPast(part, into: rest, from: source, until: deadline)
                    at = part.upperBound
                case nil: throw late(range)
                }
            }
            if ContinuousClock.now > deadline, at < range.upperBound { throw late(range) }
        }
    }

    func late(_ range: Range<Int64>) -> PerigeeError {
        Task.isCancelled
            ? PerigeeError(.cancelled, "a read of \(Printable.quoted(id.key)) was withdrawn")
            : PerigeeError(
                .timedOut,
                "bytes \(range) of \(Printable.quoted(id.key)) did not come in time",
                remedy: "check the origin's server, and the way to it")
    }

    private func copy(
        _ bytes: BlockBuffer, of block: Int, from position: Int64,
        to buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let skipped = Int(position - geometry.bytes(of: block).lowerBound)
        return bytes.withBytes { bytes in
            let part = bytes[skipped...].prefix(buffer.count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            return part.count
        }
    }

    /// Reads verified bytes; false where they are not to be used, and it has to be looked again.
    private func read(
        _ part: Range<Int64>, in files: ObjectFiles, into buffer: UnsafeMutableRawBufferPointer,
        _ generation: UInt64, _ deadline: ContinuousClock.Instant
    ) async throws(PerigeeError) -> Bool {
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<part.count])
        if files.readNow(into: target, at: part.lowerBound) {
            return state.withLock { $0.generation } == generation
        }
        // The thread may come back after the caller has gone: it reads into memory of its own.
        let result = await core.onDisk(until: min(deadline, core.diskDeadline)) {
            () -> Result<[UInt8], DiskFault> in
            do throws(DiskFault) {
                var fault: DiskFault?
                let bytes = [UInt8](unsafeUninitializedCapacity: part.count) { bytes, count in
                    do throws(DiskFault) {
                        try files.read(
                            into: UnsafeMutableRawBufferPointer(bytes), at: part.lowerBound)
                        count = part.count
                    } catch {
                        fault = error
                    }
                }
                if let fault { throw fault }
                return .success(bytes)
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let bytes):
            guard state.withLock({ $0.generation }) == generation else { return false }
            bytes.withUnsafeBytes { target.copyMemory(from: $0) }
            return true
        case .failure(let fault):
            core.diskFailed(fault, "reading the cache")
        case nil:
            if Task.isCancelled || ContinuousClock.now > deadline { throw late(part) }
            core.diskWasLate("reading the cache")
        }
        // Fetched again: the reader does not suffer from the disk.
        let blocks = Array(geometry.blocks(of: part))
        state.withLock { state in for block in blocks { state.setAbsent(block) } }
        return false
    }

    /// Fills `buffer` where all of it is verified and in memory; never waits.
    func readNow(_ range: Range<Int64>, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var at = range.lowerBound
        var counts: [(Int64, Int)] = []
        while at < range.upperBound {
            let done = Int(at - range.lowerBound)
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<range.count])
            guard let found = lookNow(at: at, end: range.upperBound) else { return false }
            let count: Int
            switch found {
            case .memory(let bytes, let block):
                count = copy(bytes, of: block, from: at, to: rest)
            case .disk(let files, let part, let generation):
                let target = UnsafeMutableRawBufferPointer(rebasing: rest[..<part.count])
                guard files.readNow(into: target, at: part.lowerBound),
                    state.withLock({ $0.generation }) == generation
                else { return false }
                count = part.count
            }
            counts.append((at, count))
            at += Int64(count)
        }
        for (position, count) in counts { note(count, at: position, .here, isKept: true) }
        return true
    }

    private enum Found {
        case memory(BlockBuffer, block: Int)
        case disk(ObjectFiles, Range<Int64>, generation: UInt64)
    }

    private func lookNow(at position: Int64, end: Int64) -> Found? {
        let block = Int(position / Int64(BlockGeometry.blockSize))
        let last = geometry.blocks(of: position..<end).upperBound
        let mayRead = core.mayRead
        return state.withLock { state in
            if let buffer = state.arrived[block] { return .memory(buffer, block: block) }
            guard mayRead, let files = state.files, state.blocks[block].contains(.verified)
            else { return nil }
            var next = block + 1
            while next < last, state.blocks[next].contains(.verified) { next += 1 }
            return .disk(
                files, position..<min(end, geometry.bytes(of: next - 1).upperBound),
                generation: state.generation)
        }
    }

    // MARK: Counting

    /// Counts bytes that a reader was given, and notes that their blocks are in use.
    private func note(_ count: Int, at position: Int64, _ way: Way, isKept: Bool) {
        let range = position..<position + Int64(count)
        var ahead = 0
        var hits = 0
        let tells = state.withLock { state -> Bool in
            for block in geometry.blocks(of: range) {
                let bytes = geometry.bytes(of: block)
                let part = bytes.clamped(to: range).count
                if state.blocks[block].contains(.ahead) {
                    ahead += part
                    if range.upperBound >= bytes.upperBound { state.blocks[block].remove(.ahead) }
                } else {
                    hits += part
                }
                state.blocks[block].insert(.touched)
            }
            if way == .here { state.hitBytes += hits }
            guard state.hitBytes > 0, Int64(state.hitBytes) >= geometry.size else { return false }
            state.hitBytes = 0
            return true
        }
        // Read as a whole once more while it is open counts as another use.
        if tells { core.index.used(name) }
        guard isKept else { return core.tally.add(count, to: \.bypassBytes) }
        switch way {
        case .here:
            core.tally.add(hits, to: \.hitBytes)
            core.tally.add(ahead, to: \.prefetchedBytes)
        case .awaited: core.tally.add(count, to: \.missBytes)
        case .wasAhead: core.tally.add(count, to: \.prefetchedBytes)
        }
    }
}
