internal import CKernel
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import VolumeModel

/// The cache's own threads: one makes blocks durable, makes room and probes a failing disk; the
/// other reads the folder through, checks open objects to their end and scrubs the rest slowly.
final class CacheKeeper: Sendable {
    let core: CacheCore
    private let state = Mutex(State())
    private let scrubCall = DispatchSemaphore(value: 0)

    private struct State {
        var isStopped = false
        /// Open objects whose blocks are all there and not all checked.
        var toCheck: [SharedObject] = []
        /// Whether other processes have written so much that the folder is to be read anew.
        var mustWalk = false
    }

    init(core: CacheCore) { self.core = core }

    var isStopped: Bool { state.withLock(\.isStopped) }

    /// - Parameter open: the objects that this process has open.
    func start(_ open: @escaping @Sendable () -> [ObjectKey: SharedObject]) {
        Thread.start(name: "cache-keeper") { self.keep(open) }
        Thread.start(name: "cache-scrub") { self.scrub(open) }
    }

    /// Ends both threads soon.
    func stop() {
        state.withLock { $0.isStopped = true }
        core.index.wake()
        scrubCall.signal()
    }

    /// Has the rest of an object checked in the background where it is all there, so that it can be
    /// served as a file from the next open on.
    func checkRest(of object: SharedObject) {
        guard object.isUncheckedButWhole else { return }
        state.withLock { $0.toCheck.append(object) }
        scrubCall.signal()
    }

    // MARK: The keeper

    private func keep(_ open: @Sendable () -> [ObjectKey: SharedObject]) {
        var lastSync = ContinuousClock.now
        var lastProbe = ContinuousClock.now
        let eviction = Eviction(core: core)
        var growth = SharedGrowth(folder: core.folder)
        while !isStopped {
            let wasCalled = core.index.waitForCall(milliseconds: 200)
            let now = ContinuousClock.now
            if wasCalled || now - lastSync >= core.limits.syncInterval {
                for object in core.takeDirty() { object.sync() }
                lastSync = now
                let others = growth.update(own: core.tally.snapshot.writtenBytes)
                if others > 0, core.index.isTooMuch(with: others) {
                    growth.forget()
                    state.withLock { $0.mustWalk = true }
                    scrubCall.signal()
                }
                eviction.makeRoom(open)
            }
            if core.diskState != .normal, now - lastProbe >= .seconds(1) {
                lastProbe = now
                core.diskWasProbed(isGood: probe())
            }
        }
    }

    /// Writes, syncs, reads and compares a small file.
    private func probe() -> Bool {
        let path = "\(core.folder.objects)/probe-\(getpid())"
        let text = Array("\(monotonicNanoseconds())".utf8)
        let file = perigee_open_block_file(path, 1, 0)
        if file == -ENOENT { return (try? core.folder.prepare()) == .some(nil) }
        guard file >= 0 else { return false }
        defer {
            close(file)
            unlink(path)
        }
        var back = [UInt8](repeating: 0, count: text.count)
        return pwrite(file, text, text.count, 0) == text.count && fdatasync(file) == 0
            && pread(file, &back, back.count, 0) == back.count && back == text
    }

    // MARK: The scrubber

    private func scrub(_ open: @Sendable () -> [ObjectKey: SharedObject]) {
        let walk = FolderWalk(core: core)
        walk.index { self.isStopped }
        var lastWalk = ContinuousClock.now
        var scrubber = Scrubber(core: core)
        while !isStopped {
            if let object = state.withLock({ $0.toCheck.popLast() }) {
                object.checkRest { self.isStopped }
                continue
            }
            let mustWalk = state.withLock { state in
                defer { state.mustWalk = false }
                return state.mustWalk
            }
            if mustWalk || ContinuousClock.now - lastWalk > .seconds(600) {
                walk.index { self.isStopped }
                lastWalk = .now
            }
            let pause = scrubber.step(open)
            _ = scrubCall.wait(timeout: .now() + .milliseconds(pause))
        }
    }
}
