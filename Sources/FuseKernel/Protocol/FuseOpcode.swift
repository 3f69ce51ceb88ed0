/// What a request asks for, by the numbers of the kernel's protocol (`enum fuse_opcode`).
///
/// The numbers are written out so that a dispatch over them is one jump; a test compares them with
/// the system's header.
package enum FuseOpcode: UInt32, CaseIterable, Sendable {
    case lookup = 1
    case forget = 2
    case getattr = 3
    case setattr = 4
    case readlink = 5
    case symlink = 6
    case mknod = 8
    case mkdir = 9
    case unlink = 10
    case rmdir = 11
    case rename = 12
    case link = 13
    case open = 14
    case read = 15
    case write = 16
    case statfs = 17
    case release = 18
    case fsync = 20
    case setxattr = 21
    case getxattr = 22
    case listxattr = 23
    case removexattr = 24
    case flush = 25
    case initialize = 26
    case opendir = 27
    case readdir = 28
    case releasedir = 29
    case fsyncdir = 30
    case getlk = 31
    case setlk = 32
    case setlkw = 33
    case access = 34
    case create = 35
    case interrupt = 36
    case bmap = 37
    case destroy = 38
    case ioctl = 39
    case poll = 40
    case notifyReply = 41
    case batchForget = 42
    case fallocate = 43
    case readdirplus = 44
    case rename2 = 45
    case lseek = 46
    case copyFileRange = 47
    case setupMapping = 48
    case removeMapping = 49
    case syncfs = 50
    case tmpfile = 51
    case statx = 52
    case copyFileRange64 = 53

    /// Whether it would change the file system.
    package var isMutating: Bool {
        switch self {
        case .setattr, .symlink, .mknod, .mkdir, .unlink, .rmdir, .rename, .link, .write,
            .setxattr, .removexattr, .create, .fallocate, .rename2, .copyFileRange, .tmpfile,
            .copyFileRange64:
            true
        default:
            false
        }
    }

    /// Whether the kernel waits for an answer; an answer to one of the others is an error.
    package var expectsReply: Bool {
        switch self {
        case .forget, .batchForget, .interrupt, .notifyReply: false
        default: true
        }
    }
}
