/// A part of the node table: open addressing with linear probing over pointers to records.
///
/// A dictionary of records would double its memory at each growth and hold keys twice; this takes
/// 10 to 20 bytes a node beside the record.
struct NodeShard: ~Copyable {
    /// INVARIANT: a power of two, and at least a fifth of it is free.
    private var slots: UnsafeMutableBufferPointer<NodePointer?>
    private(set) var count = 0

    private static let smallest = 64

    init() {
        slots = Self.allocate(Self.smallest)
    }

    deinit {
        for slot in slots { slot?.free() }
        slots.deallocate()
    }

    /// Spreads node numbers, which differ in their lowest bits only, over 64 bits.
    static func hash(_ node: Node) -> UInt64 {
        let product = (node.value ^ node.value >> 29) &* 0x9e37_79b9_7f4a_7c15
        return product ^ product >> 32
    }

    /// The record of `node`, or nil.
    func find(_ node: Node) -> NodePointer? {
        var index = home(node)
        while let pointer = slots[index] {
            if pointer.node == node { return pointer }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Takes over a record whose node is not in the table.
    mutating func insert(_ pointer: NodePointer) {
        if (count + 1) * 5 > slots.count * 4 { resize(slots.count * 2) }
        place(pointer)
        count += 1
    }

    /// Removes and frees the record of `node`, if it is there.
    mutating func remove(_ node: Node) {
        var hole = home(node)
        while let pointer = slots[hole], pointer.node != node {
            hole = (hole + 1) & (slots.count - 1)
        }
        guard let found = slots[hole] else { return }
        found.free()
        count -= 1
        // What stands behind the hole moves up where a search for it would now end too early.
        var next = hole
        while true {
            next = (next + 1) & (slots.count - 1)
            guard let pointer = slots[next] else { break }
            let distance = (next &- home(pointer.node)) & (slots.count - 1)
            if distance >= (next &- hole) & (slots.count - 1) {
                slots[hole] = pointer
                hole = next
            }
        }
        slots[hole] = nil
        if slots.count > Self.smallest, count * 8 < slots.count { resize(slots.count / 4) }
    }

    /// Calls `body` with every record.
    func visit(_ body: (borrowing NodeRecord) -> Void) {
        for slot in slots {
            if let slot { body(slot.record) }
        }
    }

    private func home(_ node: Node) -> Int {
        Int(truncatingIfNeeded: Self.hash(node)) & (slots.count - 1)
    }

    private mutating func place(_ pointer: NodePointer) {
        var index = home(pointer.node)
        while slots[index] != nil { index = (index + 1) & (slots.count - 1) }
        slots[index] = pointer
    }

    private mutating func resize(_ capacity: Int) {
        let old = slots
        slots = Self.allocate(max(capacity, Self.smallest))
        for slot in old {
            if let slot { place(slot) }
        }
        old.deallocate()
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutableBufferPointer<NodePointer?> {
        let slots = UnsafeMutableBufferPointer<NodePointer?>.allocate(capacity: capacity)
        slots.initialize(repeating: nil)
        return slots
    }
}
