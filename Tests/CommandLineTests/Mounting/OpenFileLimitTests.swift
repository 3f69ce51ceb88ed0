import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    /// A mount serves as many open files as its process may hold descriptors, and no more.
    @Suite(.needsMounts()) struct OpenFileLimitTests {
        private static let hard = 600
        private static let soft = 128

        /// Gives `body` a mount whose process was started with these limits.
        private func withLimitedMount(_ body: (Site, _ mount: String) throws -> Void) throws {
            try withSite { site in
                for number in 0..<Self.hard { try site.write("d/f\(number)", "file \(number)") }
                try site.publish()
                let mount = try site.makeFolder("mnt")
                let limited = try Child(
                    [
                        "/bin/sh", "-c",
                        "ulimit -Sn \(Self.soft) && ulimit -Hn \(Self.hard) && exec \"$@\"", "sh",
                        Site.program, "mount", mount,
                    ], environment: site.environment
                ).wait(60)
                try #require(limited.status == 0, "\(limited)")
                try body(site, mount)
            }
        }

        /// Opens files of the mount, each another, until one is refused, or `most` are open.
        private func openMany(_ most: Int, in mount: String) -> (files: [Int32], error: Int32) {
            var files: [Int32] = []
            while files.count < most {
                let file = open("\(mount)/vol/d/f\(files.count)", O_RDONLY | O_CLOEXEC)
                guard file >= 0 else { return (files, errno) }
                files.append(file)
            }
            return (files, 0)
        }

        @Test func `the soft limit of the shell that mounted is not the mount's`() throws {
            try withLimitedMount { _, mount in
                let (files, error) = openMany(Self.soft * 2, in: mount)
                defer { for file in files { close(file) } }
                #expect(files.count == Self.soft * 2)
                #expect(error == 0)
            }
        }

        @Test func `too many open files are ENFILE and logged, and a publish is seen`() throws {
            try withLimitedMount { site, mount in
                let (files, error) = openMany(Self.hard, in: mount)
                defer { for file in files { close(file) } }
                #expect(error == ENFILE)
                #expect(files.count == Self.hard * 3 / 4)
                #expect(
                    eventually(within: 3) {
                        site.mountLog.contains("too many files are open")
                    })
                // What was open stays so, and a volume that nobody has looked at yet is shown.
                #expect(contents(of: files[3]) == .ok(Array("file 3".utf8)))
                try site.publish("second")
                try site.ok("volume set vol --private")
                #expect(eventually(within: 1) { listing(mount) == .ok(["second"]) })
                #expect(listing("\(mount)/second/d").value?.count == Self.hard)
                for file in files.prefix(10) { close(file) }
                #expect(
                    eventually(within: 5) {
                        contents("\(mount)/second/d/f1") == .ok(Array("file 1".utf8))
                    })
            }
        }
    }
}
