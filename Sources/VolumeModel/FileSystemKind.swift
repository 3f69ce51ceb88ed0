internal import CKernel

/// What kind of file system a path lies on, told by the type number that `statfs(2)` gives.
///
/// The numbers are those of `<linux/magic.h>` and, for file systems outside the kernel's tree, of
/// GNU coreutils (`src/stat.c`). What is not listed is taken for one of this machine.
package enum FileSystemKind: Hashable, Sendable, CustomStringConvertible {
    /// One whose bytes come from other machines, or from a daemon that may never answer.
    case network(String)
    /// Any other; the number is `f_type`.
    case local(Int)

    /// Tells by the number in `f_type`, of which 32 bits count.
    package init(type: Int) {
        let type = type & 0xffff_ffff
        if let name = Self.networkNames[type] {
            self = .network(name)
        } else {
            self = .local(type)
        }
    }

    /// Asks the kernel; waits where the file system's server does not answer.
    ///
    /// - Throws: `SystemError` with the errno of `statfs(2)`.
    package init(of path: String) throws(SystemError) {
        let type = perigee_file_system_type(path)
        guard type >= 0 else { throw SystemError(Int32(truncatingIfNeeded: type)) }
        self.init(type: type)
    }

    /// Whether a call on it can wait on another machine, and locks and shared memory on it are not
    /// to be relied on.
    package var isNetwork: Bool {
        switch self {
        case .network: true
        case .local: false
        }
    }

    /// Its name, or its number where it is not one of the network's.
    package var description: String {
        switch self {
        case .network(let name): name
        case .local(let type): "0x\(String(type, radix: 16))"
        }
    }

    private static let networkNames: [Int: String] = [
        0x6969: "NFS",
        0x517b: "SMB",
        0xff53_4d42: "CIFS",
        0xfe53_4d42: "SMB2",
        0x5346_414f: "AFS",
        0x6b41_4653: "AFS",
        0x7375_7245: "Coda",
        0x564c: "NCP",
        0x00c3_6400: "CephFS",
        0x0bd0_0bd0: "Lustre",
        0x4750_4653: "GPFS",
        0x1983_0326: "BeeGFS",
        0xaad7_aaea: "PanFS",
        0xbeef_dead: "StorNext",
        // Cluster file systems on shared disks: a lock waits for other machines.
        0x0116_1970: "GFS2",
        0x7461_636f: "OCFS2",
        // Shares of a hypervisor's host, and daemons.
        0x0102_1997: "9p",
        0x786f_4256: "vboxsf",
        0xbacb_acbc: "vmhgfs",
        0x6573_5546: "FUSE",
    ]
}
