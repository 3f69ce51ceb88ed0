package import VolumeModel

/// What a file system's callers name files and folders by: the root, or a `NodeNumber`.
package struct Node: Hashable, Sendable {
    /// The root of the file system, whatever stands there.
    package static let root = Node(value: 1)
    /// The folder `.perigee` at the root, of which no listing tells. Like the root it is always known;
    /// no volume has an ordinal that would give an entry such a number.
    package static let session = Node(value: 2)
    /// The file `receipt.json` in it.
    package static let receipt = Node(value: 3)

    /// The number that callers see.
    package let value: UInt64

    /// Wraps a number that a caller handed back.
    package init(value: UInt64) { self.value = value }

    /// The node with that number.
    package init(_ number: NodeNumber) { value = number.value }

    /// The entry that it stands for. Meaningless for the root.
    var entry: EntryID { EntryID(Int64(value & (1 << 36 - 1))) }
}
