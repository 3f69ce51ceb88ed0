/// Which object leaves the cache next: S3-FIFO (Yang et al., "FIFO queues are all you need for
/// cache eviction", SOSP 2023), with bytes as weights.
///
/// A mosaic that is read once from end to end must not push out what is read every day. New objects
/// enter a small queue, a tenth of the bytes, and leave from there if they were not used again; only
/// those that were move to the main queue. SIEVE is simpler, but has one queue only, through which
/// such a scan passes as a whole; LRU is emptied by it. A use costs one increment.
package struct EvictionQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var bytes: Int64
        /// Uses since it came or was last passed over, at most 3.
        var uses: UInt8 = 0
        var isMain: Bool
        /// Its place in a queue has this number; older ones are stale.
        var turn: UInt32
    }

    /// A queue whose stale places are skipped.
    private struct Queue {
        var places: [(key: Key, turn: UInt32)] = []
        var head = 0
        var bytes: Int64 = 0

        mutating func append(_ key: Key, _ turn: UInt32) { places.append((key, turn)) }

        mutating func pop() -> (key: Key, turn: UInt32)? {
            guard head < places.count else { return nil }
            defer {
                head += 1
                if head > 1_024, head > places.count / 2 {
                    places.removeFirst(head)
                    head = 0
                }
            }
            return places[head]
        }
    }

    private var entries: [Key: Entry] = [:]
    private var small = Queue()
    private var main = Queue()
    /// Objects that left from the small queue not long ago: one that comes back was worth keeping.
    private var ghosts: Set<Key> = []
    private var ghostOrder: [Key] = []
    private var turn: UInt32 = 0

    /// Starts empty.
    package init() {}

    /// Bytes of all.
    package var bytes: Int64 { small.bytes + main.bytes }
    /// Objects.
    package var count: Int { entries.count }

    /// All objects.
    package var keys: Set<Key> { Set(entries.keys) }

    /// Whether an object is among them.
    package func contains(_ key: Key) -> Bool { entries[key] != nil }

    /// Adds an object; one that is there gets these bytes.
    package mutating func insert(_ key: Key, bytes: Int64) {
        guard entries[key] == nil else { return set(key, bytes: bytes) }
        let isMain = ghosts.remove(key) != nil
        entries[key] = Entry(bytes: 0, isMain: isMain, turn: 0)
        set(key, bytes: bytes)
        enqueue(key)
    }

    /// An object was used.
    package mutating func use(_ key: Key) {
        guard let uses = entries[key]?.uses, uses < 3 else { return }
        entries[key]?.uses = uses + 1
    }

    /// An object has so many bytes now.
    package mutating func set(_ key: Key, bytes: Int64) {
        guard let entry = entries[key] else { return }
        entries[key]?.bytes = bytes
        if entry.isMain {
            main.bytes += bytes - entry.bytes
        } else {
            small.bytes += bytes - entry.bytes
        }
    }

    /// An object has grown.
    package mutating func add(_ bytes: Int64, to key: Key) {
        if let entry = entries[key] { set(key, bytes: entry.bytes + bytes) }
    }

    /// Bytes of one object; nil where it is not among them.
    package func bytes(of key: Key) -> Int64? { entries[key]?.bytes }

    /// An object is gone.
    package mutating func remove(_ key: Key) {
        set(key, bytes: 0)
        entries[key] = nil
    }

    /// Takes the next to leave out of its queue; `remove` or `keep` says what became of it. Nil
    /// where there is none.
    package mutating func next() -> Key? {
        // Each is passed over at most four times.
        while true {
            let fromSmall = small.bytes * 10 > bytes || main.head >= main.places.count
            guard let place = (fromSmall ? small.pop() : main.pop()) ?? small.pop() ?? main.pop()
            else { return nil }
            guard let entry = entries[place.key], entry.turn == place.turn else { continue }
            guard entry.uses > 0 else {
                if !entry.isMain { haunt(place.key) }
                return place.key
            }
            if entry.isMain {
                entries[place.key]?.uses -= 1
            } else {
                set(place.key, bytes: 0)
                entries[place.key]?.isMain = true
                entries[place.key]?.uses = 0
                set(place.key, bytes: entry.bytes)
            }
            enqueue(place.key)
        }
    }

    /// An object that was next stays, at the end of its queue.
    package mutating func keep(_ key: Key) {
        if entries[key] != nil { enqueue(key) }
    }

    private mutating func enqueue(_ key: Key) {
        turn &+= 1
        entries[key]?.turn = turn
        if entries[key]?.isMain == true { main.append(key, turn) } else { small.append(key, turn) }
    }

    private mutating func haunt(_ key: Key) {
        guard ghosts.insert(key).inserted else { return }
        ghostOrder.append(key)
        let limit = max(256, entries.count)
        guard ghostOrder.count > limit * 2 else { return }
        for old in ghostOrder.prefix(limit) { ghosts.remove(old) }
        ghostOrder.removeFirst(limit)
    }
}
