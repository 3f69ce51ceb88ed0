internal import Logging
internal import Synchronization
internal import VolumeModel

/// What all objects of one cache share.
///
/// Lock order: an object's state comes before everything here; nothing here calls an object while
/// it holds a lock.
final class CacheCore: Sendable {
    let folder: CacheFolder
    let limits: CacheLimits
    let logger: Logger
    let disk = DiskThreads(limit: 4)
    let alarms = Alarms()
    let memory: MemoryBudget
    let tally = Tally()
    let slots: FillSlots
    let recent: RecentBlocks
    let index: ObjectIndex
    /// Bytes of blocks that are on their way.
    private let underWay = Atomic<Int>(0)
    private let health = Mutex(DiskHealth())
    private let dirty = Mutex(Dirty())
    private let remembered = Mutex(RememberedBlocks())
    private let start = ContinuousClock.now

    /// Objects with blocks that the disk has not confirmed.
    private struct Dirty {
        var objects: [ObjectIdentifier: SharedObject] = [:]
        var bytes = 0
    }

    init(folder: CacheFolder, limits: CacheLimits, logger: Logger) {
        self.folder = folder
        self.limits = limits
        self.logger = logger
        memory = MemoryBudget(limit: limits.memory)
        slots = FillSlots(slots: limits.parallelRequests, alarms: alarms)
        recent = RecentBlocks(limit: limits.memory / 4)
        index = ObjectIndex(high: limits.highWatermark, low: limits.lowWatermark)
    }

    /// Bytes that may be asked for ahead now: what is on its way may all come before any of it can be
    /// written.
    var roomAhead: Int64 {
        Int64(max(0, memory.limit - memory.used - underWay.load(ordering: .relaxed)))
    }

    /// Waits while blocks in memory are more than they may be: a source that is faster than the disk
    /// is held up by that. False where the disk does not get on with it.
    func waitForMemory() async -> Bool {
        guard memory.used > memory.limit else { return true }
        let end = diskDeadline
        while memory.used > memory.limit {
            recent.removeAll()
            // A cancelled task has no need of the blocks, and ends at its source.
            do { try await Task.sleep(for: .milliseconds(1)) } catch { return true }
            if ContinuousClock.now > end { return false }
        }
        return true
    }

    /// Bytes of one request at most, so that a window is several.
    var requestLimit: Int64 {
        let block = Int64(BlockGeometry.blockSize)
        let share = Int64(memory.limit) / 8 / block * block
        return max(block, min(limits.maximumRequest, max(share, 1 << 20)))
    }

    /// So many blocks have been asked for, or are not on their way any more where negative.
    func asked(forBlocks count: Int) {
        underWay.add(count * BlockGeometry.blockSize, ordering: .relaxed)
    }

    // MARK: Disk

    /// Runs `body` on a thread of the disk's; nil where it is not done by the deadline, or the task
    /// was cancelled.
    ///
    /// - Parameter abandoned: called with what `body` gave when nobody waits for it any more.
    func onDisk<Value: Sendable>(
        until deadline: ContinuousClock.Instant,
        abandoned: @escaping @Sendable (Value) -> Void = { _ in },
        _ body: @escaping @Sendable () -> Value
    ) async -> Value? {
        let wait = Wait<Value>()
        disk.add {
            let value = body()
            if !wait.resume(value) { abandoned(value) }
        }
        return await wait.value(until: deadline, by: alarms)
    }

    /// When a call on the disk that begins now is late.
    var diskDeadline: ContinuousClock.Instant { .now + limits.diskDeadline }

    /// Whether blocks may be written now.
    var mayWrite: Bool { health.withLock { $0.mayWrite(at: seconds) } }

    /// Whether blocks may be read now.
    var mayRead: Bool { health.withLock(\.mayRead) }

    /// What is done with the disk now.
    var diskState: DiskHealth.State { health.withLock(\.state) }

    /// A call on the disk went well.
    func diskSucceeded() { health.withLock { $0.succeeded() } }

    /// A call on the disk failed.
    func diskFailed(_ fault: DiskFault, _ doing: String) {
        if fault.isFull {
            health.withLock { $0.wasFull(at: seconds) }
            index.needsRoom()
            return
        }
        guard fault.isDiskError else { return }
        tally.add(to: \.diskErrors)
        changeHealth(because: "\(doing): \(fault)") { $0.failed(at: seconds) }
    }

    /// A call on the disk did not come back in time.
    func diskWasLate(_ doing: String) {
        tally.add(to: \.diskErrors)
        changeHealth(because: "\(doing): no answer within \(limits.diskDeadline)") {
            $0.failed(at: seconds)
        }
    }

    /// A probe of the disk has ended.
    func diskWasProbed(isGood: Bool) {
        changeHealth(because: isGood ? "the disk answers" : "a probe failed") {
            $0.probed(isGood: isGood, at: seconds)
        }
    }

    private func changeHealth(because reason: String, _ change: (inout DiskHealth) -> Void) {
        let (before, after) = health.withLock { health in
            let before = health.state
            change(&health)
            return (before, health.state)
        }
        guard before != after else { return }
        logger.log(
            level: after == .normal ? .notice : .warning, "the disk of the block cache changed",
            metadata: [
                "folder": "\(Printable.quoted(folder.path))", "from": "\(before)", "to": "\(after)",
                "because": "\(reason)",
            ])
    }

    private var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    // MARK: Blocks to be made durable

    /// Blocks of an object were written.
    func wrote(_ bytes: Int, of object: SharedObject) {
        index.wrote(bytes, of: object.name)
        tally.add(bytes, to: \.writtenBytes)
        let isMuch = dirty.withLock { dirty in
            dirty.objects[ObjectIdentifier(object)] = object
            dirty.bytes += bytes
            return dirty.bytes >= 64 << 20
        }
        if isMuch { index.wake() }
    }

    /// The objects whose blocks are to be made durable now; they are the caller's.
    func takeDirty() -> [SharedObject] {
        dirty.withLock { dirty in
            defer { dirty = Dirty() }
            return Array(dirty.objects.values)
        }
    }

    // MARK: Blocks of closed objects

    /// What was verified of an object that nobody has open any more.
    func remember(_ blocks: RememberedBlocks.Object, of id: CachedObjectID) {
        remembered.withLock { $0.insert(blocks, of: id) }
    }

    /// What was verified of it before, once.
    func recall(_ id: CachedObjectID) -> RememberedBlocks.Object? {
        remembered.withLock { $0.remove(id) }
    }
}
