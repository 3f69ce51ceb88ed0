internal import Glibc

/// What keeps this process from mounting anything anywhere.
///
/// Looked for before libfuse is asked: libfuse tells it in words only, and fusermount3 on standard
/// error alone, which for a mount in the background is its log.
package enum FuseObstacle: Hashable, Sendable {
    /// /dev/fuse is not there, or no driver is behind it.
    case noDevice(errno: Int32)
    /// /dev/fuse may not be opened.
    case deviceDenied(errno: Int32)
    /// An ordinary user needs fusermount3, and it is not there.
    case noHelper

    /// The first one, or nil.
    package static func find() -> FuseObstacle? {
        let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        if device < 0 {
            switch errno {
            case ENOENT, ENODEV, ENXIO: return .noDevice(errno: errno)
            case EACCES, EPERM: return .deviceDenied(errno: errno)
            // A passing lack (of descriptors, of memory) is told when the mount is tried.
            default: return nil
            }
        }
        close(device)
        return canMount || hasHelper ? nil : .noHelper
    }

    /// Whether mount(2) is allowed: CAP_SYS_ADMIN, bit 21 of proc(5)'s `CapEff`.
    private static var canMount: Bool {
        let text = (try? FuseMountTable.contents(of: "/proc/self/status")) ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix("CapEff:") {
            let digits = line.split(whereSeparator: \.isWhitespace).last ?? ""
            return (UInt64(digits, radix: 16) ?? 0) & 1 << 21 != 0
        }
        return geteuid() == 0
    }

    /// libfuse looks where it was installed with, then in PATH.
    private static var hasHelper: Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = ["/usr/bin", "/bin"] + path.split(separator: ":").map { String($0) }
        return folders.contains { access("\($0)/fusermount3", X_OK) == 0 }
    }
}
