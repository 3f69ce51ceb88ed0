internal import CKernel
internal import Dispatch
internal import Synchronization

/// Which objects the folder holds and how many bytes each takes, as far as this process knows; and
/// the call for eviction.
final class ObjectIndex: Sendable {
    private let high: Int64
    private let low: Int64
    private let state = Mutex(State())
    private let call = DispatchSemaphore(value: 0)

    private struct State {
        var queue = EvictionQueue<ObjectKey>()
        var needsRoom = false
        var isIndexed = false
    }

    init(high: Int64, low: Int64) {
        self.high = high
        self.low = low
    }

    /// Bytes on disk.
    var bytes: Int64 { state.withLock { $0.queue.bytes } }
    var count: Int { state.withLock { $0.queue.count } }

    /// Whether the folder was read through since the start.
    var isIndexed: Bool {
        get { state.withLock { $0.isIndexed } }
        set { state.withLock { $0.isIndexed = newValue } }
    }

    /// An object was opened.
    func opened(_ name: String, files: ObjectFiles) {
        guard let key = ObjectKey(name) else { return }
        let bytes = files.bytesOnDisk
        state.withLock { state in
            if state.queue.contains(key) { state.queue.use(key) }
            state.queue.insert(key, bytes: bytes)
        }
    }

    /// An object was used again.
    func used(_ name: String) {
        guard let key = ObjectKey(name) else { return }
        state.withLock { $0.queue.use(key) }
    }

    /// Bytes were written.
    func wrote(_ bytes: Int, of name: String) {
        guard let key = ObjectKey(name) else { return }
        let isMuch = state.withLock { state in
            state.queue.add(Int64(bytes), to: key)
            return state.queue.bytes > high
        }
        if isMuch { wake() }
    }

    /// The disk has no room.
    func needsRoom() {
        state.withLock { $0.needsRoom = true }
        wake()
    }

    /// Whether so many bytes more, written by others, would make it too much.
    func isTooMuch(with others: Int64) -> Bool { state.withLock { $0.queue.bytes + others > high } }

    /// How many bytes have to go; 0 for none.
    ///
    /// - Parameter missing: bytes that the disk lacks for what is to be left to others.
    func excess(missing: Int64) -> Int64 {
        state.withLock { state in
            let needsRoom = state.needsRoom
            state.needsRoom = false
            let bytes = state.queue.bytes
            let over = bytes > high ? bytes - low : 0
            // A disk that others have filled is not helped by emptying all of the cache at once.
            let room = needsRoom || missing > 0 ? max(missing, bytes / 16) : 0
            return min(bytes, max(over, room))
        }
    }

    /// Runs `body` with the queue; it must not wait.
    func withQueue<Value>(_ body: (inout EvictionQueue<ObjectKey>) -> Value) -> Value {
        state.withLock { body(&$0.queue) }
    }

    /// Has the keeper look now.
    func wake() { call.signal() }

    /// Waits for a call; false where none came in time.
    func waitForCall(milliseconds: Int) -> Bool {
        let came = call.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
        // One look serves all that have called.
        while call.wait(timeout: .now()) == .success {}
        return came
    }
}

extension ObjectFiles {
    /// Bytes that both files take, by real blocks.
    var bytesOnDisk: Int64 {
        var bytes: Int64 = 0
        for file in [data, map] {
            var facts = perigee_stat()
            if perigee_stat_descriptor(file, &facts) == 0 { bytes += Int64(facts.blocks) * 512 }
        }
        return bytes
    }
}
