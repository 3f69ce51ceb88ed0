import CKernel
import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct MountFactsTests {
        @Test func `a volume's folder has the same time in the state as in a mount`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withMount { mount in
                    let owner = try objects(site.ok("stat vol --json")).first
                    let shown = try objects(site.ok(["stat", "\(mount)/vol", "--json"])).first
                    let time = try #require(owner?["modified"] as? Int)
                    #expect(time > 0)
                    #expect(time == shown?["modified"] as? Int)
                    #expect(!(try site.ok("stat vol").lines.contains { $0.hasPrefix("Path") }))
                }
            }
        }

        @Test func `the process that serves a mount is called perigee`() throws {
            try withSite { site in
                try site.publish()
                try site.withMount { _ in
                    let name = try DiskFile.read("/proc/\(try site.daemon())/comm")
                    #expect(String(decoding: name, as: UTF8.self) == "perigee\n")
                }
            }
        }

        @Test func `the kernel holds the mount read-only, without set-user-ID and devices`() throws
        {
            try withSite { site in
                try site.publish()
                try site.withMount { mount in
                    let line = try #require(MountTable.line(at: mount))
                    #expect(Set(line.options).isSuperset(of: ["ro", "nosuid", "nodev"]))
                    #expect(line.type == "fuse.perigee")
                }
            }
        }

        @Test func `statfs counts what is mounted and has nothing free`() throws {
            try withSite { site in
                try site.write("a", pattern(1_000_000, version: 1))
                try site.write("d/b", pattern(500_000, version: 1))
                try site.publish()
                try site.withMount { mount in
                    for path in [mount, "\(mount)/vol", "\(mount)/vol/d/b"] {
                        var facts = statvfs()
                        try #require(statvfs(path, &facts) == 0)
                        let size = Int(facts.f_blocks) * Int(facts.f_frsize)
                        #expect(size >= 1_500_000 && size < 1_600_000, "\(size)")
                        #expect(facts.f_bfree == 0 && facts.f_bavail == 0 && facts.f_ffree == 0)
                        #expect(facts.f_files >= 4)
                        #expect(facts.f_namemax == 255)
                        #expect(facts.f_flag & 1 != 0, "ST_RDONLY")
                    }
                    #expect(try run(["df", mount]).status == 0)
                }
            }
        }

        @Test func `modes let everybody read and nobody write, and names of files are entries`()
            throws
        {
            try withSite { site in
                try site.write("d/f", "text")
                try tool("chmod", "600", "\(site.origin)/d/f")
                try site.publish()
                try site.withMount { mount in
                    let file = try #require(Facts("\(mount)/vol/d/f"))
                    let folder = try #require(Facts("\(mount)/vol/d"))
                    #expect(file.mode & 0o222 == 0 && file.mode & 0o444 == 0o444)
                    #expect(folder.mode & 0o222 == 0 && folder.mode & 0o555 == 0o555)
                    #expect(Facts("\(mount)/vol")?.inode != Facts("\(mount)/vol@r1")?.inode)
                    #expect(Facts("\(mount)/vol/d")?.inode == folder.inode)
                    #expect(contents("\(mount)/vol/d/f/x") == .failed(ENOTDIR))
                    #expect(contents("\(mount)/vol/d") == .failed(EISDIR))
                    #expect(listing("\(mount)/vol/d/f") == .failed(ENOTDIR))
                }
            }
        }

        @Test func `extended attributes are there where they were asked for`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withMount(["--xattrs"]) { mount in
                    var value = [UInt8](repeating: 0, count: 100)
                    let count = Linux.getxattr("\(mount)/vol/f", "user.perigee.revision", &value)
                    #expect(count > 0)
                    #expect(
                        String(decoding: value.prefix(max(count, 0)), as: UTF8.self) == "vol@r1")
                }
                try site.withMount { mount in
                    var value = [UInt8](repeating: 0, count: 100)
                    #expect(
                        code(Linux.getxattr("\(mount)/vol/f", "user.perigee.revision", &value))
                            == EOPNOTSUPP)
                }
            }
        }

        @Test func `stat of a path in a mount asks the mount, never the state`() throws {
            try withSite { site in
                try site.write("d/f", "text")
                try site.publish()
                try site.withMount { mount in
                    let elsewhere: [String: String?] = ["PERIGEE_STATE": "/nonexistent"]
                    for path in ["vol/d/f", "vol@r1/d/f", "vol/d", "vol", ""] {
                        let done = try run(
                            [Site.program, "stat", "\(mount)/\(path)", "--json"],
                            environment: elsewhere)
                        #expect(done.status == 0, "\(done)")
                    }
                    let from = try objects(site.ok("stat \(mount)/vol/d/f --json")).first
                    let state = try objects(site.ok("stat vol:d/f --json")).first
                    for key in ["etag", "path", "volume", "kind"] {
                        #expect(from?[key] as? String == state?[key] as? String)
                    }
                    for key in ["size", "modified", "node", "revision", "added"] {
                        #expect(from?[key] as? Int == state?[key] as? Int, "\(key)")
                    }
                    #expect(UInt64(from?["node"] as? Int ?? 0) == Facts("\(mount)/vol/d/f")?.inode)
                    expectRefusal(
                        try site.run("stat \(mount)/vol/none"), 1, saying: "none")
                    expectRefusal(try site.run("stat /etc/passwd"), 64, saying: "no mount")
                }
            }
        }
    }
}
