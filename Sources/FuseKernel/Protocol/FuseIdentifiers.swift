/// The number by which the kernel knows a file or folder, chosen by the handler at LOOKUP.
package struct NodeID: RawRepresentable, Hashable, Sendable {
    /// As the protocol carries it.
    package var rawValue: UInt64

    /// Any number is taken.
    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The root of the mount (FUSE_ROOT_ID).
    package static let root = NodeID(rawValue: 1)

    /// No node: as an entry's node it says that the name does not exist, and may be cached.
    package static let none = NodeID(rawValue: 0)
}

/// The number by which the handler knows an open file or folder, chosen by it at OPEN.
package struct FuseHandle: RawRepresentable, Hashable, Sendable {
    /// As the protocol carries it.
    package var rawValue: UInt64

    /// Any number is taken.
    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// The kernel's name for a registered backing file, valid in the session that opened it.
///
/// At most one may be in use for an inode at a time, and it must be kept until the inode's last
/// RELEASE: a second one, or one closed right after the OPEN reply, makes opens fail with EIO.
package struct BackingID: RawRepresentable, Hashable, Sendable {
    /// As the protocol carries it.
    package var rawValue: Int32

    /// Any number is taken.
    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }
}
