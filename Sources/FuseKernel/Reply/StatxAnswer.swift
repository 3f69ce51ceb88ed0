internal import CKernel

/// The payload of a STATX reply.
struct StatxAnswer {
    let wire: perigee_fuse_statx_out

    init(_ attributes: FuseAttributes, birthTime: Int64?, timeout: FuseTimeout) {
        var output = perigee_fuse_statx_out()
        output.attr_valid = timeout.seconds
        output.attr_valid_nsec = timeout.nanoseconds
        output.mask = StatxAnswer.basicMask | (birthTime == nil ? 0 : StatxAnswer.birthMask)
        output.blksize = attributes.blockSize
        output.nlink = attributes.linkCount
        output.uid = attributes.uid
        output.gid = attributes.gid
        output.mode = UInt16(truncatingIfNeeded: attributes.mode)
        output.ino = attributes.node.rawValue
        output.size = attributes.size
        output.blocks = attributes.blocks
        output.atime = StatxAnswer.time(attributes.accessTime)
        output.mtime = StatxAnswer.time(attributes.modificationTime)
        output.ctime = StatxAnswer.time(attributes.changeTime)
        output.btime = StatxAnswer.time(birthTime ?? 0)
        wire = output
    }

    /// STATX_BASIC_STATS and STATX_BTIME of <linux/stat.h>.
    private static let basicMask: UInt32 = 0x7ff
    private static let birthMask: UInt32 = 0x800

    private static func time(_ nanoseconds: Int64) -> perigee_fuse_statx_time {
        let time = WireTime(nanoseconds: nanoseconds)
        return perigee_fuse_statx_time(
            seconds: time.seconds, nanoseconds: time.nanoseconds, reserved: 0)
    }
}
