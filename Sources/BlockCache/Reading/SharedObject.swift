internal import CKernel
internal import Synchronization
internal import VolumeModel

/// One object version while this process has it open: what is known of its blocks, which are on
/// their way, and who waits for them.
final class SharedObject: Sendable {
    // Constants.
    let id: CachedObjectID
    let name: String
    let geometry: BlockGeometry
    let core: CacheCore
    let key: ObjectKey?
    /// Whether it has a table of blocks; one that is too large is always read past the cache.
    let isCacheable: Bool

    let state: Mutex<State>
    /// Held while the files are opened, on a thread of the disk's.
    private let opening = Mutex(false)

    struct State {
        /// Nil before they were opened, and where they cannot be used: all bytes pass by.
        var files: ObjectFiles?
        /// One for each block.
        var blocks: [BlockState]
        var verified = 0
        /// Raised before verified blocks are taken away: what was read meanwhile does not count.
        var generation: UInt64 = 0
        /// Bytes that came and are not yet in the data file.
        /// INVARIANT: a block is in at most one of `arrived` and `flightOf`, and its lock in the
        /// map is held from before it enters `flightOf` until after it has left both.
        var arrived: [Int: BlockBuffer] = [:]
        /// Those of `arrived` that no writer has taken.
        var unwritten: [Int] = []
        var isWriting = false
        /// Blocks in the data file that are not yet durable, with their CRC.
        var unsynced: [Int: UInt32] = [:]
        var flights: [FlightID: Flight] = [:]
        var flightOf: [Int: FlightID] = [:]
        var nextFlight: UInt64 = 0
        /// Who waits for a block that is on its way, or being checked.
        var waits: [Int: [Wait<BlockOutcome>]] = [:]
        var handles = 0
        /// Of one of the handles, while there are any.
        var source: (source: any BlockSource, group: String)?
        /// Whether anybody has had the descriptor: from then on no block is taken away.
        var wasGivenOut = false
        /// Where eviction goes on.
        var hand = 0
        /// Bytes that readers had from blocks that lay here, since that was last told.
        var hitBytes = 0
    }

    /// What became of a block that somebody waited for.
    enum BlockOutcome: Sendable {
        /// It came; these are its bytes.
        case bytes(BlockBuffer)
        /// Something changed: look again.
        case again
        /// It will not come.
        case failed(PerigeeError)
    }

    init(_ id: CachedObjectID, core: CacheCore) {
        self.id = id
        self.core = core
        name = id.fileName
        geometry = BlockGeometry(size: id.size)
        isCacheable = id.size <= BlockCache.largestObject
        key = ObjectKey(name)
        let count = isCacheable ? geometry.count : 0
        state = Mutex(State(blocks: [BlockState](repeating: [], count: count)))
    }

    deinit { core.recent.removeAll(of: self) }

    // MARK: Files

    /// Opens the files, once; blocks. Where they cannot be used the object goes without.
    ///
    /// - Parameter isUse: whether somebody is going to read.
    func openFiles(isUse: Bool = true) {
        opening.withLock { isOpened in
            guard !isOpened, core.mayRead else { return }
            isOpened = true
            do throws(DiskFault) {
                let files = try ObjectFiles.open(id, in: core.folder)
                let boot = BlockRecord.presentBoot
                var blocks: [BlockState] = []
                blocks.reserveCapacity(geometry.count)
                for start in stride(from: 0, to: geometry.count, by: 65_536) {
                    let part = start..<min(start + 65_536, geometry.count)
                    for record in try files.records(of: part) {
                        var block: BlockState = record.isPresent(boot: boot) ? .present : []
                        if record.flags.contains(.pinned) { block.insert(.pinned) }
                        blocks.append(block)
                    }
                }
                if isUse, let before = core.recall(id), before.stamp == files.stamp {
                    for (index, block) in before.blocks.enumerated()
                    where block.contains(.verified) && blocks[index].contains(.present) {
                        blocks[index].formUnion(block.intersection([.verified, .ahead]))
                    }
                }
                if isUse {
                    core.index.opened(name, files: files)
                    files.noteUse()
                }
                state.withLock { state in
                    state.files = files
                    for index in blocks.indices {
                        state.blocks[index].formUnion(blocks[index])
                    }
                    state.verified = state.blocks.count { $0.contains(.verified) }
                }
            } catch {
                // Tried again with the next open.
                if case .system = error { isOpened = false }
                core.diskFailed(error, "opening files of the cache")
            }
        }
    }

    /// Whether every block lies here, checked or not.
    var isAllPresent: Bool {
        state.withLock { state in
            state.files != nil && state.blocks.allSatisfy { $0.contains(.present) }
        }
    }

    /// A descriptor of the whole object, where every block has been checked.
    var completeDescriptor: Int32? {
        state.withLock { state in
            guard let files = state.files, state.verified == geometry.count, core.mayRead
            else { return nil }
            state.wasGivenOut = true
            return files.readOnlyData
        }
    }

    /// The last handle was closed, and nothing is under way: what was verified is kept in mind.
    func remember() {
        core.disk.add { [self] in
            let (files, blocks) = state.withLock { state in
                (
                    state.handles == 0 && state.verified > 0 && state.arrived.isEmpty
                        ? state.files : nil, state.blocks
                )
            }
            guard let files, let stamp = files.stamp else { return }
            core.remember(
                .init(stamp: stamp, blocks: blocks.map { $0.intersection([.verified, .ahead]) }),
                of: id)
        }
    }

    // MARK: What is known of blocks

    /// The next thing to do for a reader who is at `position` and wants bytes up to `end`.
    enum Step {
        /// Take them from memory.
        case memory(BlockBuffer, block: Int)
        /// Take them from the data file; they count where the generation is still the same after.
        case disk(ObjectFiles, Range<Int64>, generation: UInt64)
        /// Wait; `joined` is the flight that the block is on.
        case wait(Wait<BlockOutcome>, joined: FlightID?, isAhead: Bool)
        /// Have these checked.
        case check(ObjectFiles, Range<Int>)
        /// Have these fetched.
        case fetch(Range<Int>)
    }

    func step(at position: Int64, end: Int64) -> Step {
        let block = Int(position / Int64(BlockGeometry.blockSize))
        let last = geometry.blocks(of: position..<end).upperBound
        let mayRead = core.mayRead
        return state.withLock { state in
            if let buffer = state.arrived[block] { return .memory(buffer, block: block) }
            if mayRead, let files = state.files, state.blocks[block].contains(.verified) {
                var next = block + 1
                while next < last, state.blocks[next].contains(.verified) { next += 1 }
                return .disk(
                    files, position..<min(end, geometry.bytes(of: next - 1).upperBound),
                    generation: state.generation)
            }
            if state.blocks[block].contains(.checking) {
                return .wait(state.wait(for: block), joined: nil, isAhead: false)
            }
            if let flight = state.flightOf[block] {
                state.flights[flight]?.interest += 1
                let isAhead = state.flights[flight].map { !$0.isDemand } ?? false
                return .wait(state.wait(for: block), joined: flight, isAhead: isAhead)
            }
            if mayRead, let files = state.files, state.blocks[block].contains(.present) {
                // Some more, since whoever reads here is likely to go on.
                var next = block
                let limit = min(geometry.count, max(last, block + 8))
                while next < limit, state.mayCheck(next) {
                    state.blocks[next].insert(.checking)
                    next += 1
                }
                return .check(files, block..<next)
            }
            if let buffer = core.recent.block(block, of: self) {
                return .memory(buffer, block: block)
            }
            return .fetch(block..<last)
        }
    }
}

extension SharedObject.State {
    mutating func wait(for block: Int) -> Wait<SharedObject.BlockOutcome> {
        let wait = Wait<SharedObject.BlockOutcome>()
        waits[block, default: []].append(wait)
        return wait
    }

    /// Whether a block is there, unchecked, and nobody is at it.
    func mayCheck(_ block: Int) -> Bool {
        blocks[block].contains(.present) && blocks[block].isDisjoint(with: [.verified, .checking])
            && arrived[block] == nil && flightOf[block] == nil
    }

    /// The block's bytes have been checked, or have come.
    mutating func setVerified(_ block: Int, isAhead: Bool) {
        if !blocks[block].contains(.verified) { verified += 1 }
        blocks[block].formUnion([.present, .verified])
        if isAhead { blocks[block].insert(.ahead) }
    }

    /// The block is not to be used any more.
    mutating func setAbsent(_ block: Int) {
        if blocks[block].contains(.verified) {
            generation += 1
            verified -= 1
        }
        blocks[block].formIntersection([.pinned, .checking])
        unsynced[block] = nil
    }
}
