internal import CKernel

/// How the kernel shall treat an open file or folder (`FOPEN_...`).
package struct FuseOpenFlags: OptionSet, Hashable, Sendable {
    /// As the protocol carries them.
    package var rawValue: UInt32

    /// Bits that have no name here go to the kernel as they are.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Every read comes to the handler; shared mappings fail with ENODEV.
    package static let directIO = FuseOpenFlags(rawValue: UInt32(FOPEN_DIRECT_IO))
    /// Pages, or a folder's records, from earlier opens stay valid.
    package static let keepCache = FuseOpenFlags(rawValue: UInt32(FOPEN_KEEP_CACHE))
    /// No offset can be set.
    package static let nonSeekable = FuseOpenFlags(rawValue: UInt32(FOPEN_NONSEEKABLE))
    /// The kernel may keep the folder's records and list from them.
    package static let cacheDirectory = FuseOpenFlags(rawValue: UInt32(FOPEN_CACHE_DIR))
    /// No FLUSH at close.
    package static let noFlush = FuseOpenFlags(rawValue: UInt32(FOPEN_NOFLUSH))

    /// The flags that the kernel accepts beside FOPEN_PASSTHROUGH; any other makes the open EIO.
    static let allowedWithBacking: FuseOpenFlags = [.directIO, .noFlush]
}
