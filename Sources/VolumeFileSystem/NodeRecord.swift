internal import Glibc
internal import VolumeModel

/// What is kept of a node that callers know: 48 bytes, and a file's name behind them.
///
/// A million of them must fit into little memory, so the small numbers share words. A folder's name
/// is not kept: its row is read again at each use, since it follows the current revision.
struct NodeRecord {
    let node: Node
    /// Parent's id (36 bits), view (19), length of the name (8), folder (1); from the lowest bit.
    private var place: UInt64
    let size: Int64
    let modified: Int64
    let version: UInt64
    let accessClass: UInt32
    /// Lookups that callers have not given back. At the highest number it stays there: the node is
    /// then kept for ever, rather than forgotten too early.
    private(set) var lookups: UInt32

    /// The highest view that there is room for.
    static let highestView = 1 << 19 - 1

    init(_ entry: Entry, node: Node, view: Int) throws(PerigeeError) {
        guard let accessClass = UInt32(exactly: entry.accessClass.value),
            entry.parent.value >= 0, entry.parent <= EntryID.highest,
            entry.name.count <= EntryPath.longestSegment
        else {
            throw PerigeeError(
                .corrupt, "entry \(entry.id) has a class, parent or name out of range")
        }
        self.node = node
        let isFolder = entry.kind == .folder
        place =
            UInt64(entry.parent.value) | UInt64(view) << 36
            | UInt64(isFolder ? 0 : entry.name.count) << 55 | (isFolder ? 1 << 63 : 0)
        size = entry.size
        modified = entry.modified.nanoseconds
        version = entry.version.bits
        self.accessClass = accessClass
        lookups = 0
    }

    var parent: EntryID { EntryID(Int64(place & (1 << 36 - 1))) }
    var view: Int { Int(place >> 36 & (1 << 19 - 1)) }
    var nameLength: Int { Int(place >> 55 & 0xff) }
    var kind: EntryKind { place >> 63 == 1 ? .folder : .file }

    /// Counts one more lookup, and remembers through which view it came.
    mutating func retain(view: Int) {
        if lookups < .max { lookups += 1 }
        place = place & ~(UInt64(1 << 19 - 1) << 36) | UInt64(view) << 36
    }

    /// Gives lookups back; true when none is left.
    mutating func release(_ count: UInt64) -> Bool {
        guard lookups < .max else { return false }
        lookups -= UInt32(min(UInt64(lookups), count))
        return lookups == 0
    }
}

/// A record in memory of its own, with the name behind it.
struct NodePointer {
    private let base: UnsafeMutableRawPointer

    /// Allocates it; `free()` ends it.
    init(_ record: NodeRecord, name: [UInt8]) {
        let size = MemoryLayout<NodeRecord>.size
        base = .allocate(
            byteCount: size + record.nameLength, alignment: MemoryLayout<NodeRecord>.alignment)
        base.initializeMemory(as: NodeRecord.self, to: record)
        name.withUnsafeBytes { bytes in
            (base + size).copyMemory(
                from: bytes.baseAddress ?? UnsafeRawPointer(base), byteCount: record.nameLength)
        }
    }

    func free() { base.deallocate() }

    var record: NodeRecord {
        get { base.load(as: NodeRecord.self) }
        nonmutating _modify {
            yield &base.assumingMemoryBound(to: NodeRecord.self).pointee
        }
    }

    /// Without the cost of loading the whole record.
    var node: Node { base.load(as: Node.self) }

    /// The file's row as it was looked up.
    var entry: Entry {
        let record = record
        let name = UnsafeRawBufferPointer(
            start: base + MemoryLayout<NodeRecord>.size, count: record.nameLength)
        return Entry(
            id: record.node.entry, parent: record.parent, name: Array(name), kind: record.kind,
            size: record.size, modified: Timestamp(nanoseconds: record.modified),
            version: VersionToken(bits: record.version),
            accessClass: AccessClassID(Int64(record.accessClass)))
    }
}
