/// A folder's number, for ever, or that of one immutable version of a file. Within one catalogue,
/// from 1 (the volume's root) to 2^36 - 1.
package struct EntryID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The volume's root folder.
    package static let root = EntryID(1)
    /// The highest number that node numbers have room for.
    package static let highest = EntryID((1 << 36) - 1)

    /// The number itself.
    package let value: Int64

    /// Wraps a number read from a catalogue.
    package init(_ value: Int64) { self.value = value }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    package var description: String { String(value) }
}

/// What an entry is. Links are resolved by the scan and never appear.
package enum EntryKind: UInt8, Sendable {
    case file = 1
    case folder = 2
}

/// Nanoseconds since 1970-01-01T00:00:00Z, before it where negative.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// The count.
    package let nanoseconds: Int64

    /// Wraps a count.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// Eight bytes that stand for one version of a file's content, made at the scan from everything
/// that the origin tells, or from a digest of the content where one is known.
package struct VersionToken: Hashable, Sendable {
    /// The bytes as a big-endian number.
    package let bits: UInt64

    /// Wraps the bits.
    package init(bits: UInt64) { self.bits = bits }
}

/// The number of an entry's access class; 0 is the class without attributes.
package struct AccessClassID: Hashable, Sendable {
    /// The class of entries that nothing is known about.
    package static let none = AccessClassID(0)

    /// The number itself.
    package let value: Int64

    /// Wraps a number read from a catalogue.
    package init(_ value: Int64) { self.value = value }
}

/// A file or folder of a volume, as one revision has it.
package struct Entry: Hashable, Sendable {
    /// The folder's number or the file version's.
    package let id: EntryID
    /// The folder that holds it; the root is its own parent.
    package let parent: EntryID
    /// Its name there, as bytes; empty for the root.
    package let name: [UInt8]
    /// File or folder.
    package let kind: EntryKind
    /// Bytes of content; 0 for a folder.
    package let size: Int64
    /// When the content was last changed; for a folder, its list of names.
    package let modified: Timestamp
    /// The version's token; zero for a folder.
    package let version: VersionToken
    /// What rules can use.
    package let accessClass: AccessClassID
    /// Whether whoever was given this row may read its bytes; a folder's is always true.
    package var isReadable = true

    /// Puts an entry together.
    package init(
        id: EntryID, parent: EntryID, name: [UInt8], kind: EntryKind, size: Int64,
        modified: Timestamp, version: VersionToken, accessClass: AccessClassID = .none
    ) {
        self.id = id
        self.parent = parent
        self.name = name
        self.kind = kind
        self.size = size
        self.modified = modified
        self.version = version
        self.accessClass = accessClass
    }
}
