internal import CKernel

/// How long the kernel may use what it was told without asking again.
///
/// It is split into the kernel's two fields once, since a listing writes it for each name.
package struct FuseTimeout: Hashable, Sendable {
    let seconds: UInt64
    let nanoseconds: UInt32

    /// Ask again at each use.
    package static let zero = FuseTimeout(.zero)

    /// A negative duration counts as zero.
    package init(_ duration: Duration) {
        let (wholeSeconds, attoseconds) = duration.components
        seconds = UInt64(max(wholeSeconds, 0))
        nanoseconds = wholeSeconds < 0 ? 0 : UInt32(max(attoseconds, 0) / 1_000_000_000)
    }

    /// So many seconds, none if negative.
    package static func seconds(_ seconds: Int64) -> FuseTimeout {
        FuseTimeout(.seconds(seconds))
    }
}

/// A name's answer: the node behind it, its attributes, and how long both may be cached.
package struct FuseEntry: Hashable, Sendable {
    /// `.none` makes a cached absence: the kernel answers ENOENT itself until `entryTimeout`.
    package var node: NodeID
    /// Tells apart the files that one node number stood for over time; matters to NFS only.
    package var generation: UInt64
    /// Of the node; without meaning for `.none`.
    package var attributes: FuseAttributes
    /// How long the name leads to the node.
    package var entryTimeout: FuseTimeout
    /// How long the attributes hold.
    package var attributeTimeout: FuseTimeout

    /// An answer for a name that exists.
    package init(
        node: NodeID, generation: UInt64 = 0, attributes: FuseAttributes,
        entryTimeout: FuseTimeout, attributeTimeout: FuseTimeout
    ) {
        self.node = node
        self.generation = generation
        self.attributes = attributes
        self.entryTimeout = entryTimeout
        self.attributeTimeout = attributeTimeout
    }

    /// The answer that a name does not exist, to be remembered for `timeout`.
    package static func absent(for timeout: FuseTimeout) -> FuseEntry {
        FuseEntry(
            node: .none, attributes: FuseAttributes(node: .none, size: 0, mode: 0),
            entryTimeout: timeout, attributeTimeout: .zero)
    }

    var wire: fuse_entry_out {
        fuse_entry_out(
            nodeid: node.rawValue, generation: generation, entry_valid: entryTimeout.seconds,
            attr_valid: attributeTimeout.seconds, entry_valid_nsec: entryTimeout.nanoseconds,
            attr_valid_nsec: attributeTimeout.nanoseconds, attr: attributes.wire)
    }
}

/// What `statfs` and `df` show.
package struct FuseStatistics: Hashable, Sendable {
    /// Capacity in units of `fragmentSize`.
    package var blocks: UInt64
    /// Free space in units of `fragmentSize`; 0 for a file system that nobody writes.
    package var freeBlocks: UInt64
    /// How many files there are.
    package var files: UInt64
    /// In bytes, not 0.
    package var blockSize: UInt32
    /// In bytes, not 0.
    package var fragmentSize: UInt32
    /// The longest name in bytes.
    package var nameLength: UInt32

    /// Statistics in the units of the properties.
    package init(
        blocks: UInt64, freeBlocks: UInt64 = 0, files: UInt64, blockSize: UInt32 = 4096,
        fragmentSize: UInt32 = 512, nameLength: UInt32 = 255
    ) {
        self.blocks = blocks
        self.freeBlocks = freeBlocks
        self.files = files
        self.blockSize = blockSize
        self.fragmentSize = fragmentSize
        self.nameLength = nameLength
    }
}
