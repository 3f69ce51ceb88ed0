package import VolumeModel

/// What `stat` shows of a node.
package struct NodeAttributes: Hashable, Sendable {
    /// Whose they are.
    package let node: Node
    /// File or folder.
    package let kind: EntryKind
    /// Bytes; 0 for a folder.
    package let size: Int64
    /// The one time that a read-only file system has.
    package let modified: Timestamp
    /// Whether the mount's identity may read it.
    package let isReadable: Bool

    /// Puts attributes together.
    package init(
        node: Node, kind: EntryKind, size: Int64, modified: Timestamp, isReadable: Bool = true
    ) {
        self.node = node
        self.kind = kind
        self.size = size
        self.modified = modified
        self.isReadable = isReadable
    }

    /// Permission bits and type: nobody writes, everybody whom the mount admits reads what its
    /// identity may read.
    package var mode: UInt32 {
        switch kind {
        case .file: isReadable ? 0o100444 : 0o100000
        case .folder: 0o040555
        }
    }

    /// Always 1. For a folder that means "not counted", as btrfs has it: programs that walk trees
    /// take a count of 2 for "no folders inside" and would skip them.
    package var linkCount: UInt32 { 1 }

    /// The preferred size of a read in bytes.
    package static let blockSize: UInt32 = 1 << 20
}

/// How long a name's answer may be kept, by what it is.
package enum CacheLifetime: Sendable, CaseIterable {
    /// The name of a volume, at the root of a mount.
    case volume
    /// Any other name.
    case entry
    /// A name that is not there.
    case absence
}

/// A name's answer.
package struct NodeEntry: Hashable, Sendable {
    /// The node and its attributes.
    package let attributes: NodeAttributes
    /// How long both may be kept.
    package let lifetime: CacheLifetime

    /// Puts an answer together.
    package init(attributes: NodeAttributes, lifetime: CacheLifetime) {
        self.attributes = attributes
        self.lifetime = lifetime
    }
}

/// How long callers may keep what they were told.
///
/// Attributes are kept for long everywhere: a file's node stands for one version, and a folder's
/// are taken back when its volume changes. Names are kept for long only by a kernel that can be
/// told to ask again for all of them at once; another keeps the names of open files and working
/// directories whatever it is told about the folders above them.
package struct CacheTimes: Hashable, Sendable {
    /// A volume's name at the root.
    package var volume: Duration
    /// Any other name.
    package var entry: Duration
    /// That a name is not there.
    package var absence: Duration
    /// Attributes of files and folders.
    package var attributes: Duration

    /// For a kernel that forgets all names when it is told to.
    package static let revocable = CacheTimes(
        volume: .seconds(86_400), entry: .seconds(86_400), absence: .seconds(86_400),
        attributes: .seconds(86_400))
    /// For any other: a change is seen within a second.
    package static let short = CacheTimes(
        volume: .seconds(1), entry: .seconds(1), absence: .seconds(1), attributes: .seconds(86_400))

    /// Puts times together.
    package init(volume: Duration, entry: Duration, absence: Duration, attributes: Duration) {
        self.volume = volume
        self.entry = entry
        self.absence = absence
        self.attributes = attributes
    }

    /// The time for a name.
    package func time(of lifetime: CacheLifetime) -> Duration {
        switch lifetime {
        case .volume: volume
        case .entry: entry
        case .absence: absence
        }
    }
}

/// What `statfs` shows.
package struct FileSystemTotals: Hashable, Sendable {
    /// Files and folders.
    package var nodes: UInt64
    /// Bytes of content.
    package var bytes: UInt64
}
