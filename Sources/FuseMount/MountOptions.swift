package import VolumeFileSystem
package import VolumeService

/// How volumes are mounted.
package struct MountOptions: Sendable {
    /// Whether the kernel reads local files by itself.
    package enum Passthrough: String, Sendable, CaseIterable {
        /// Where it can, and where that is quicker: files up to `smallFile` are read here.
        case auto
        /// Every file; the mount fails where it cannot.
        case on
        /// Every read comes to this process.
        case off
    }

    /// Bytes up to which registering a file with the kernel, and giving it back, takes longer than
    /// to answer the one READ that brings all of it into the kernel's pages: 114 us a file of 4 KiB
    /// against 41 us.
    static let smallFile: Int64 = 128 << 10

    /// Users other than the one who mounts may enter.
    package var allowOther = false
    /// `user.perigee.*` attributes are answered. `ls -l` then asks for two of each file, which makes
    /// it half as fast.
    package var xattrs = false
    /// Whether files that can be seen and not read have a name: with mode 0000, or not at all.
    package var showing = ShownEntries.listed
    /// Whether the kernel reads local files by itself.
    package var passthrough = Passthrough.auto
    /// Threads that serve the kernel, 1 to 4; nil takes one for each core.
    package var threads: Int?
    /// How long a request may wait for an origin before its caller gets EIO.
    package var deadline = Duration.seconds(30)
    /// How long open files may stay open after an unmount.
    package var drain = Duration.seconds(5)
    /// How long the serving threads may take to end after that.
    package var grace = Duration.seconds(5)
    /// How long the kernel may keep names and attributes; nil decides by what the kernel can do.
    package var times: CacheTimes?

    package init() {}
}
