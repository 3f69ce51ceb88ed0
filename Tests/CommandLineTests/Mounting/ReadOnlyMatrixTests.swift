import Glibc
import PerigeeTesting
import Testing
import VolumeModel

/// A call that would change something: by path, on what is there or is not.
struct Mutation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The errno of the call, or 0; the second path lies in the same mount and is not there.
    let call: @Sendable (_ path: String, _ other: String) -> Int32

    init(_ name: String, _ call: @escaping @Sendable (String, String) -> Int32) {
        testDescription = name
        self.call = call
    }

    /// An open with those flags.
    init(open name: String, _ flags: Int32) {
        self.init("open \(name)") { path, _ in
            let file = Glibc.open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
            defer { if file >= 0 { close(file) } }
            return code(file)
        }
    }

    /// A call on a descriptor that is open for reading.
    init(descriptor name: String, _ call: @escaping @Sendable (Int32) -> Int32) {
        self.init("\(name) on a descriptor") { path, _ in
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard file >= 0 else { return errno }
            defer { close(file) }
            return call(file)
        }
    }

    private static let omit = timespec(tv_sec: 0, tv_nsec: 1_073_741_822)

    static let all: [Mutation] = [
        Mutation(open: "O_WRONLY", O_WRONLY),
        Mutation(open: "O_RDWR", O_RDWR),
        Mutation(open: "O_WRONLY|O_APPEND", O_WRONLY | O_APPEND),
        Mutation(open: "O_CREAT", O_RDONLY | O_CREAT),
        Mutation(open: "O_WRONLY|O_CREAT", O_WRONLY | O_CREAT),
        Mutation(open: "O_WRONLY|O_CREAT|O_TRUNC", O_WRONLY | O_CREAT | O_TRUNC),
        Mutation(open: "O_RDWR|O_CREAT|O_EXCL", O_RDWR | O_CREAT | O_EXCL),
        Mutation(open: "O_RDONLY|O_TRUNC", O_RDONLY | O_TRUNC),
        Mutation(open: "O_TMPFILE", O_RDWR | Linux.temporaryFile),
        Mutation("creat") { path, _ in
            let file = creat(path, 0o600)
            defer { if file >= 0 { close(file) } }
            return code(file)
        },
        Mutation("mkdir") { path, _ in code(mkdir(path, 0o700)) },
        Mutation("mkfifo") { path, _ in code(mkfifo(path, 0o600)) },
        Mutation("mknod file") { path, _ in code(mknod(path, S_IFREG | 0o600, 0)) },
        Mutation("mknod device") { path, _ in code(mknod(path, S_IFCHR | 0o600, 0x103)) },
        Mutation("unlink") { path, _ in code(unlink(path)) },
        Mutation("rmdir") { path, _ in code(rmdir(path)) },
        Mutation("rename away") { path, other in code(rename(path, other)) },
        Mutation("rename onto") { path, other in code(rename(other, path)) },
        Mutation("rename onto itself") { path, _ in code(rename(path, path)) },
        Mutation("renameat2 NOREPLACE") { path, other in code(Linux.renameat2(path, other, 1)) },
        Mutation("renameat2 EXCHANGE") { path, other in code(Linux.renameat2(path, other, 2)) },
        Mutation("renameat2 WHITEOUT") { path, other in code(Linux.renameat2(path, other, 4)) },
        Mutation("renameat2 of unknown flags") { path, other in
            code(Linux.renameat2(path, other, 0x80))
        },
        Mutation("link to it") { path, other in code(link(path, other)) },
        Mutation("link onto it") { path, other in code(link(other, path)) },
        Mutation("symlink") { path, _ in code(symlink("target", path)) },
        Mutation("chmod") { path, _ in code(chmod(path, 0o777)) },
        Mutation("chown") { path, _ in code(chown(path, 1, 1)) },
        Mutation("lchown") { path, _ in code(lchown(path, 1, 1)) },
        Mutation("chown to nobody else") { path, _ in code(chown(path, uid_t.max, gid_t.max)) },
        Mutation("utimensat now") { path, _ in code(utimensat(AT_FDCWD, path, nil, 0)) },
        Mutation("utimensat") { path, _ in
            code(utimensat(AT_FDCWD, path, [timespec(tv_sec: 1, tv_nsec: 2), omit], 0))
        },
        Mutation("utimensat of nothing") { path, _ in
            code(utimensat(AT_FDCWD, path, [omit, omit], 0))
        },
        Mutation("truncate to 0") { path, _ in code(truncate(path, 0)) },
        Mutation("truncate to more") { path, _ in code(truncate(path, 1 << 30)) },
        Mutation("setxattr") { path, _ in code(Linux.setxattr(path, "user.test", [1])) },
        Mutation("setxattr trusted") { path, _ in code(Linux.setxattr(path, "trusted.t", [1])) },
        Mutation("removexattr") { path, _ in code(Linux.removexattr(path, "user.test")) },
        Mutation("access W_OK") { path, _ in code(access(path, W_OK)) },
        Mutation("bind of a socket") { path, _ in
            let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            // sun_path is short: by a descriptor of the folder it fits.
            let slash = path.lastIndex(of: "/") ?? path.startIndex
            let folder = Glibc.open(
                String(path[..<slash]), Linux.path | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { return errno }
            defer { close(folder) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { bytes in
                let short = "/proc/self/fd/\(folder)\(path[slash...])"
                for (index, byte) in short.utf8.enumerated() where index < 107 {
                    bytes[index] = byte
                }
            }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            return withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    code(bind(socket, $0, size))
                }
            }
        },
        Mutation(descriptor: "write") { file in code(write(file, [1], 1)) },
        Mutation(descriptor: "ftruncate") { file in code(ftruncate(file, 0)) },
        Mutation(descriptor: "fallocate") { file in code(Linux.fallocate(file, 0, 10)) },
        Mutation(descriptor: "fchmod") { file in code(fchmod(file, 0o777)) },
        Mutation(descriptor: "fchown") { file in code(fchown(file, 1, 1)) },
        Mutation(descriptor: "futimens") { file in code(futimens(file, nil)) },
        Mutation(descriptor: "copy_file_range") { file in
            let source = Glibc.open("/etc/passwd", O_RDONLY | O_CLOEXEC)
            defer { close(source) }
            return code(Linux.copyFileRange(source, file, 10))
        },
        Mutation(descriptor: "writable shared mmap") { file in
            let page = mmap(nil, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
            return page == MAP_FAILED ? errno : 0
        },
    ]
}

extension CommandLineTests {
    @Suite(.needsMounts()) struct ReadOnlyMatrixTests {
        private static let targets = [
            "file", "folder", "folder/below", "missing", "folder/missing", "missing/missing",
            "file/below",
        ]

        /// Where the errno differs from that of a read-only bind mount, and why it may.
        private static let exceptions: [String: Int32] = [:]

        @Test(arguments: ["auto", "off"])
        func `every call that would change something fails as on a read-only bind mount`(
            _ passthrough: String
        ) throws {
            try withSite { site in
                try site.write("file", "text")
                try site.write("folder/below", "below")
                // A volume's files have no attributes of their own, so neither has the model.
                try site.publish()
                let model = try site.makeFolder("model")
                try tool("mount", "--bind", site.origin, model)
                try tool("mount", "-o", "remount,bind,ro,nosuid,nodev", model)
                let before = try Tree.read(site.origin)
                try site.withMount(["--volume", "vol", "--at-root", "--passthrough", passthrough]) {
                    mount in
                    for mutation in Mutation.all {
                        for target in Self.targets {
                            let expected = mutation.call("\(model)/\(target)", "\(model)/other")
                            let found = mutation.call("\(mount)/\(target)", "\(mount)/other")
                            let key = "\(mutation.testDescription) \(target)"
                            #expect(
                                found == (Self.exceptions[key] ?? expected),
                                "\(key): \(SystemError(found)), not \(SystemError(expected))")
                        }
                    }
                    let after = try Tree.read(mount)
                    #expect(Tree.differences(before, after) == [])
                }
                let after = try Tree.read(site.origin)
                #expect(Tree.differences(before, after) == [])
            }
        }

        @Test func `nor can anything be made at the root of all volumes`() throws {
            try withSite { site in
                try site.write("file", "text")
                try site.publish()
                try site.withMount { mount in
                    #expect(code(mkdir("\(mount)/new", 0o700)) == EROFS)
                    #expect(code(rmdir("\(mount)/vol")) == EROFS)
                    #expect(code(rename("\(mount)/vol", "\(mount)/vox")) == EROFS)
                    #expect(code(mkdir("\(mount)/vol@r1/new", 0o700)) == EROFS)
                    #expect(code(unlink("\(mount)/vol@r1/file")) == EROFS)
                    #expect(code(symlink("x", "\(mount)/vol/link")) == EROFS)
                }
            }
        }
    }
}
