import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    /// What is open outlives what it was opened through.
    @Suite(.needsMounts()) struct OpenFilesTests {
        /// More than the kernel reads ahead, so that the daemon is asked after the event as well.
        private static let content = pattern(8 << 20, version: 7)

        /// Gives `body` a mount and a file of it that is open, of which the first page was read.
        private func withOpenFile(
            _ passthrough: String,
            _ body: (Site, _ mount: String, _ file: Int32) throws -> Void
        ) throws {
            try withSite { site in
                try site.write("d/f", Self.content)
                try site.publish()
                try site.withMount(["--passthrough", passthrough]) { mount in
                    let file = open("\(mount)/vol/d/f", O_RDONLY | O_CLOEXEC)
                    try #require(file >= 0)
                    defer { close(file) }
                    #expect(
                        bytes(of: file, at: 0, count: 4_096)
                            == .ok(Array(Self.content.prefix(4_096))))
                    try body(site, mount, file)
                }
            }
        }

        private static let closings = ["volume set vol --private", "volume rm vol"]

        @Test(arguments: closings, ["auto", "off"])
        func `a file that is open when its volume is closed stays readable until it is closed`(
            _ words: String, _ passthrough: String
        ) throws {
            try withOpenFile(passthrough) { site, mount, file in
                try site.ok(words)
                #expect(
                    eventually(within: 1) {
                        contents("\(mount)/vol/d/f") == .failed(ENOENT)
                            && listing(mount) == .ok([])
                    })
                // Some seconds of the daemon's own checks of what is open.
                usleep(2_500_000)
                #expect(contents(of: file) == .ok(Self.content))
                var status = stat()
                #expect(fstat(file, &status) == 0)
                #expect(Int(status.st_size) == Self.content.count)
                #expect(contents("\(mount)/vol/d/f") == .failed(ENOENT))
            }
        }

        @Test func `a handle that is passed through stays readable after the daemon was killed`()
            throws
        {
            try withOpenFile("auto") { site, mount, file in
                let shown = try site.ok(["stat", "\(mount)/vol/d/f", "--json"]).text
                guard shown.contains("passthrough") else {
                    return skipped(#function, because: "this kernel passes nothing through")
                }
                let mapping = try Mapping(file, count: Self.content.count)
                kill(try site.daemon(), SIGKILL)
                #expect(eventually(within: 5) { listing(mount) == .failed(ENOTCONN) })
                #expect(contents(of: file) == .ok(Self.content))
                #expect(mapping.bytes == Self.content)
                #expect(contents("\(mount)/vol/d/f") == .failed(ENOTCONN))
            }
        }

        @Test func `a handle that is not passed through gets an error after the daemon was killed`()
            throws
        {
            try withOpenFile("off") { site, mount, file in
                kill(try site.daemon(), SIGKILL)
                #expect(eventually(within: 5) { listing(mount) == .failed(ENOTCONN) })
                // A process of its own, which cannot keep this one waiting.
                let reader = try Child(["cat", "/proc/\(getpid())/fd/\(file)"])
                #expect(try reader.wait(10).status == 1)
                let last = Self.content.count - 4_096
                let outcome = bytes(of: file, at: last, count: 4_096)
                #expect([ENOTCONN, ECONNABORTED, EIO].contains(outcome.error), "\(outcome)")
            }
        }

        @Test func `a read that waits for its origin ends with an error when the daemon is killed`()
            throws
        {
            try withSite { site in
                let far = try site.makeFolder("far")
                try withStallingOrigin([("f", Self.content)], at: far) { system in
                    try site.publish("far", origin: far, flags: ["--locality", "network"])
                    try site.withMount(["--timeout", "120"]) { mount in
                        system.stall()
                        let reader = try Child(["cat", "\(mount)/far/f"])
                        try #require(eventually(within: 10) { system.heldCount > 0 })
                        kill(try site.daemon(), SIGKILL)
                        let ended = try reader.wait(10)
                        #expect(ended.status == 1, "\(ended)")
                        #expect(ended.output == [])
                    }
                }
            }
        }
    }
}
