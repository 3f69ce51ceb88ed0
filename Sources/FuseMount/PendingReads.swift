internal import Synchronization
internal import VolumeFileSystem

/// Reads that wait for an origin, by node: pages of such a node are not dropped before they end.
///
/// The kernel drops pages by locking each, and a page that is being read stays locked until its READ
/// is answered. A daemon that is killed while it waits for that lock cannot end, and its readers
/// would wait for ever; with nothing of the node being read there is no such page.
final class PendingReads: Sendable {
    private struct State {
        var counts: [Node: Int] = [:]
        /// Nodes whose pages are to be dropped when their reads are over.
        var waiting: Set<Node> = []
    }

    private let state = Mutex(State())

    /// A read of `node` begins to wait.
    func begin(_ node: Node) { state.withLock { $0.counts[node, default: 0] += 1 } }

    /// One has been answered; true where its node's pages are to be dropped now.
    func end(_ node: Node) -> Bool {
        state.withLock { state in
            let left = (state.counts[node] ?? 1) - 1
            state.counts[node] = left == 0 ? nil : left
            return left == 0 && state.waiting.remove(node) != nil
        }
    }

    /// Whether the pages of `node` have to stay for now; `end` says when they need not any more.
    func hold(_ node: Node) -> Bool {
        state.withLock { state in
            guard state.counts[node] != nil else { return false }
            state.waiting.insert(node)
            return true
        }
    }
}
