internal import CKernel

/// The attributes of a file or folder as the kernel caches them.
package struct FuseAttributes: Hashable, Sendable {
    /// The inode number that `stat` shows.
    package var node: NodeID
    /// In bytes.
    package var size: UInt64
    /// Permission bits and file type (`S_IFREG | 0o444`).
    package var mode: UInt32
    /// Names that lead to it; 1 tells `find` nothing of a folder's subfolders.
    package var linkCount: UInt32
    /// The owner, in the session's user namespace.
    package var uid: UInt32
    /// The group, in the session's user namespace.
    package var gid: UInt32
    /// Nanoseconds since the epoch, negative before 1970.
    package var accessTime: Int64
    /// Nanoseconds since the epoch, negative before 1970.
    package var modificationTime: Int64
    /// Nanoseconds since the epoch, negative before 1970.
    package var changeTime: Int64
    /// The preferred size of a read in bytes; 0 lets the kernel choose.
    package var blockSize: UInt32

    /// Attributes in the units of the properties.
    package init(
        node: NodeID, size: UInt64, mode: UInt32, linkCount: UInt32 = 1, uid: UInt32 = 0,
        gid: UInt32 = 0, accessTime: Int64 = 0, modificationTime: Int64 = 0, changeTime: Int64 = 0,
        blockSize: UInt32 = 0
    ) {
        self.node = node
        self.size = size
        self.mode = mode
        self.linkCount = linkCount
        self.uid = uid
        self.gid = gid
        self.accessTime = accessTime
        self.modificationTime = modificationTime
        self.changeTime = changeTime
        self.blockSize = blockSize
    }

    /// The size in blocks of 512 bytes, rounded up.
    package var blocks: UInt64 {
        size / 512 + (size % 512 == 0 ? 0 : 1)
    }

    /// The type of a folder record (`DT_REG`, `DT_DIR`): the type bits of the mode, shifted down.
    static func recordType(mode: UInt32) -> UInt32 {
        (mode & 0o170000) >> 12
    }

    var wire: fuse_attr {
        let access = WireTime(nanoseconds: accessTime)
        let modification = WireTime(nanoseconds: modificationTime)
        let change = WireTime(nanoseconds: changeTime)
        var attributes = fuse_attr()
        attributes.ino = node.rawValue
        attributes.size = size
        attributes.blocks = blocks
        attributes.atime = UInt64(bitPattern: access.seconds)
        attributes.mtime = UInt64(bitPattern: modification.seconds)
        attributes.ctime = UInt64(bitPattern: change.seconds)
        attributes.atimensec = access.nanoseconds
        attributes.mtimensec = modification.nanoseconds
        attributes.ctimensec = change.nanoseconds
        attributes.mode = mode
        attributes.nlink = linkCount
        attributes.uid = uid
        attributes.gid = gid
        attributes.blksize = blockSize
        return attributes
    }
}

/// Seconds and a fraction that is never negative, as the kernel writes a time.
struct WireTime {
    let seconds: Int64
    let nanoseconds: UInt32

    init(nanoseconds total: Int64) {
        let (quotient, remainder) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
        seconds = remainder < 0 ? quotient - 1 : quotient
        nanoseconds = UInt32(remainder < 0 ? remainder + 1_000_000_000 : remainder)
    }
}
