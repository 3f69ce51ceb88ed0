internal import Synchronization

/// The bytes of one block in memory, counted in a budget while they are there.
// @unchecked Sendable: bytes are written by `fill` alone, before the buffer is shown to anybody else;
// from then on they are only read.
final class BlockBuffer: @unchecked Sendable {
    private let storage: UnsafeMutableRawPointer
    private let budget: MemoryBudget
    /// Bytes of the block.
    let count: Int
    /// Bytes that are there already.
    private(set) var filled = 0

    init(count: Int, budget: MemoryBudget) {
        self.count = count
        self.budget = budget
        storage = .allocate(byteCount: max(1, count), alignment: 64)
        budget.take(count)
    }

    deinit {
        storage.deallocate()
        budget.give(count)
    }

    /// Whether all bytes are there.
    var isFull: Bool { filled == count }

    /// Takes as many bytes as are missing; says how many.
    func fill(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, count - filled)
        guard taken > 0, let from = bytes.baseAddress else { return 0 }
        storage.advanced(by: filled).copyMemory(from: from, byteCount: taken)
        filled += taken
        return taken
    }

    /// The bytes that are there.
    func withBytes<Value, Fault: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        try body(UnsafeRawBufferPointer(start: storage, count: filled))
    }
}

/// Bytes that blocks hold in memory: those on their way to the disk and those that pass by.
package final class MemoryBudget: Sendable {
    /// Bytes that may be held; what a reader waits for may go above.
    package let limit: Int
    private let held = Atomic<Int>(0)

    /// - Parameter limit: bytes.
    package init(limit: Int) { self.limit = max(1, limit) }

    /// Bytes that are held now.
    package var used: Int { held.load(ordering: .relaxed) }

    func take(_ count: Int) { held.add(count, ordering: .relaxed) }

    func give(_ count: Int) { held.subtract(count, ordering: .relaxed) }
}
