internal import Synchronization
internal import VolumeModel

/// The nodes that callers know, with the lookups that they have not given back.
///
/// The root is not in it: it is always known. Shards are locked one at a time and for a few
/// instructions; nothing is called under their locks.
final class NodeTable: Sendable {
    private final class Shard: Sendable {
        let nodes = Mutex(NodeShard())
    }

    private let shards = (0..<16).map { _ in Shard() }

    private func shard(_ node: Node) -> Shard {
        shards[Int(truncatingIfNeeded: NodeShard.hash(node) >> 60)]
    }

    /// Counts one lookup of `entry`, reached through the view with that number.
    ///
    /// - Throws: `.corrupt` for an entry out of range.
    func retain(_ entry: Entry, node: Node, view: Int) throws(PerigeeError) {
        let fresh = try NodeRecord(entry, node: node, view: view)
        shard(node).nodes.withLock { shard in
            if let known = shard.find(node) {
                known.record.retain(view: view)
                return
            }
            let pointer = NodePointer(fresh, name: entry.name)
            pointer.record.retain(view: view)
            shard.insert(pointer)
        }
    }

    /// Gives lookups back; true when the node is not known any more.
    func release(_ node: Node, lookups: UInt64) -> Bool {
        shard(node).nodes.withLock { shard in
            guard let known = shard.find(node), known.record.release(lookups) else { return false }
            shard.remove(node)
            return true
        }
    }

    /// What is kept of a node, but for its name; nil where it is not known.
    func record(_ node: Node) -> NodeRecord? {
        shard(node).nodes.withLock { shard in shard.find(node)?.record }
    }

    /// A file's row as it was looked up, and the view it was reached through last.
    func entry(_ node: Node) -> (entry: Entry, view: Int)? {
        shard(node).nodes.withLock { shard in
            shard.find(node).map { ($0.entry, $0.record.view) }
        }
    }

    /// How many nodes are known, beside the root.
    var count: Int {
        shards.reduce(0) { $0 + $1.nodes.withLock { shard in shard.count } }
    }

    /// All lookups that were not given back.
    var lookups: UInt64 {
        shards.reduce(0) { sum, shard in
            sum
                + shard.nodes.withLock { nodes in
                    var total: UInt64 = 0
                    nodes.visit { total += UInt64($0.lookups) }
                    return total
                }
        }
    }

    /// The folders that were reached through one of `views`.
    func folders(of views: Set<Int>) -> [Node] {
        var found: [Node] = []
        for shard in shards {
            found += shard.nodes.withLock { nodes in
                var part: [Node] = []
                nodes.visit { record in
                    if record.kind == .folder, views.contains(record.view) {
                        part.append(record.node)
                    }
                }
                return part
            }
        }
        return found
    }
}
