internal import Synchronization

/// Blocks in memory that the disk does not keep, so that small reads do not fetch one again and
/// again; the oldest go first.
final class RecentBlocks: Sendable {
    private struct Key: Hashable {
        let object: ObjectIdentifier
        let block: Int
    }

    private struct State {
        var blocks: [Key: BlockBuffer] = [:]
        /// In the order in which they came; each key once.
        var order: [Key] = []
        var bytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: bytes.
    init(limit: Int) { self.limit = limit }

    func block(_ block: Int, of object: AnyObject) -> BlockBuffer? {
        state.withLock { $0.blocks[Key(object: ObjectIdentifier(object), block: block)] }
    }

    func insert(_ buffer: BlockBuffer, _ block: Int, of object: AnyObject) {
        let key = Key(object: ObjectIdentifier(object), block: block)
        // Buffers are freed outside of the lock.
        _ = state.withLock { state -> [BlockBuffer] in
            guard state.blocks.updateValue(buffer, forKey: key) == nil else { return [] }
            state.order.append(key)
            state.bytes += buffer.count
            return trim(&state, to: limit)
        }
    }

    /// Forgets an object's blocks; its identity may be another's soon.
    func removeAll(of object: AnyObject) {
        let identity = ObjectIdentifier(object)
        _ = state.withLock { state -> [BlockBuffer] in
            var dropped: [BlockBuffer] = []
            for key in state.order where key.object == identity {
                if let buffer = state.blocks.removeValue(forKey: key) {
                    state.bytes -= buffer.count
                    dropped.append(buffer)
                }
            }
            if !dropped.isEmpty { state.order.removeAll { $0.object == identity } }
            return dropped
        }
    }

    /// Makes room in memory.
    func removeAll() {
        _ = state.withLock { trim(&$0, to: 0) }
    }

    private func trim(_ state: inout State, to limit: Int) -> [BlockBuffer] {
        var dropped: [BlockBuffer] = []
        var count = 0
        while state.bytes > limit, count < state.order.count {
            if let buffer = state.blocks.removeValue(forKey: state.order[count]) {
                state.bytes -= buffer.count
                dropped.append(buffer)
            }
            count += 1
        }
        state.order.removeFirst(count)
        return dropped
    }
}
