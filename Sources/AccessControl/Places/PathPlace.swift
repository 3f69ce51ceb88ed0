internal import Synchronization
internal import VolumeModel

/// Where a path stands among the patterns of a `PathPatternSet`, and what follows from it.
///
/// Immutable, and free of the table that made it: the table can drop it and meet it again.
package final class PathPlace<Value: Sendable>: Sendable {
    /// The states that may lead to a leaf that does not cover the path yet.
    let states: [Int32]
    /// The leaves that match the path or a folder above it, in order.
    let covering: [Int32]
    /// Whether it is the root, whose children's names have no slash before them.
    let isRoot: Bool
    /// What follows from the covering leaves.
    let value: Value

    /// The table's numbers of the states and of the covering leaves, while its generation is this.
    let numbers: (row: Int32, cover: Int32, generation: UInt32)
    /// What its owner has found out about everything below it, or 0.
    let note = Atomic<UInt8>(0)

    init(
        states: [Int32], covering: [Int32], isRoot: Bool, value: Value,
        numbers: (row: Int32, cover: Int32, generation: UInt32)
    ) {
        self.states = states
        self.covering = covering
        self.isRoot = isRoot
        self.value = value
        self.numbers = numbers
    }

    /// Whether nothing below it can change what covers it: its children stand where it does.
    var isSettled: Bool { states.isEmpty }
}
