internal import CKernel

/// Builds the answer to a READDIR or READDIRPLUS in memory that it borrows, without allocating.
///
/// Records follow one another on 8-byte boundaries. The memory is the request's scratch, or the
/// caller's own when the answer comes later; it must outlive the buffer.
package struct DirectoryBuffer: ~Copyable {
    /// Which request is answered; a record of `plus` carries the entry as LOOKUP would answer it.
    package enum Kind: Sendable {
        case plain
        case plus
    }

    private let memory: UnsafeMutableRawBufferPointer
    private let kind: Kind
    private var used = 0

    /// - Parameters:
    ///   - memory: where the records go, aligned to 8 bytes or not.
    ///   - size: the bytes that the request asked for; what `memory` lacks is left unused.
    package init(_ kind: Kind, in memory: UnsafeMutableRawBufferPointer, size: UInt32) {
        self.kind = kind
        self.memory = UnsafeMutableRawBufferPointer(
            rebasing: memory[..<min(memory.count, Int(size))])
    }

    /// The records so far.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[..<used])
    }

    /// Whether no record was added.
    package var isEmpty: Bool { used == 0 }

    /// Forgets the records, to build another answer in the same memory.
    package mutating func removeAll() {
        used = 0
    }

    /// Adds an entry.
    ///
    /// In a `plus` answer it counts one lookup of the entry's node, as a LOOKUP would; a kernel that
    /// cannot use the entry sends a FORGET for it.
    ///
    /// - Parameters:
    ///   - name: 1 to 1,024 bytes without NUL or `/`; another makes the whole listing EIO.
    ///   - next: the offset that a request for what follows will carry, not 0.
    /// - Returns: false, with nothing added, if the record does not fit.
    package mutating func append(
        _ name: UnsafeRawBufferPointer, _ entry: FuseEntry, next: UInt64
    ) -> Bool {
        append(
            name, inode: entry.attributes.node, mode: entry.attributes.mode, next: next,
            entry: kind == .plus ? entry : nil)
    }

    /// Adds a name with its inode and type only, such as "." and "..": in a `plus` answer the kernel
    /// makes no node of it, and no lookup is counted.
    ///
    /// - Parameters:
    ///   - name: as above.
    ///   - mode: of which the type bits are used.
    ///   - next: as above.
    /// - Returns: false, with nothing added, if the record does not fit.
    package mutating func append(
        _ name: UnsafeRawBufferPointer, inode: NodeID, mode: UInt32, next: UInt64
    ) -> Bool {
        append(name, inode: inode, mode: mode, next: next, entry: nil)
    }

    private mutating func append(
        _ name: UnsafeRawBufferPointer, inode: NodeID, mode: UInt32, next: UInt64,
        entry: FuseEntry?
    ) -> Bool {
        let entrySize = kind == .plus ? MemoryLayout<fuse_entry_out>.size : 0
        let nameOffset = entrySize + DirectoryBuffer.recordHeaderSize
        let end = nameOffset + name.count
        let size = (end + 7) & ~7
        guard memory.count - used >= size, let base = memory.baseAddress,
            let source = name.baseAddress
        else { return false }
        let record = base + used
        if kind == .plus {
            record.storeBytes(of: entry?.wire ?? fuse_entry_out(), as: fuse_entry_out.self)
        }
        let header = record + entrySize
        header.storeBytes(of: inode.rawValue, toByteOffset: 0, as: UInt64.self)
        header.storeBytes(of: next, toByteOffset: 8, as: UInt64.self)
        header.storeBytes(of: UInt32(name.count), toByteOffset: 16, as: UInt32.self)
        header.storeBytes(
            of: FuseAttributes.recordType(mode: mode), toByteOffset: 20, as: UInt32.self)
        // The padding first, as one word: the scratch holds old data that is not the reader's.
        (record + (size - 8)).storeBytes(of: 0, as: UInt64.self)
        (record + nameOffset).copyMemory(from: source, byteCount: name.count)
        used += size
        return true
    }

    /// `offsetof(struct fuse_dirent, name)`.
    private static let recordHeaderSize = 24
}
