import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct StalledDiskTests {
        private static let content = pattern(100_000, version: 4)

        /// Gives `body` a mount with a deadline of one second, and two readers that wait for its
        /// origin: one to open the file, one to read what was open before.
        private func withStalled(
            _ locality: String,
            _ body: (StallingFileSystem, _ mount: String, _ readers: [Child]) throws -> Void
        ) throws {
            try withSite { site in
                let far = try site.makeFolder("far")
                try withStallingOrigin([("f", Self.content)], at: far) { system in
                    try site.publish("far", origin: far, flags: ["--locality", locality])
                    try site.withMount(["--timeout", "1", "--passthrough", "off"]) { mount in
                        // The second reader inherits it.
                        let held = open("\(mount)/far/f", O_RDONLY)
                        try #require(held >= 0)
                        defer { close(held) }
                        system.stall()
                        let readers = [
                            try Child(["cat", "\(mount)/far/f"]),
                            try Child(["sh", "-c", "exec cat <&\(held)"]),
                        ]
                        try #require(eventually(within: 10) { system.heldCount > 1 })
                        try body(system, mount, readers)
                    }
                }
            }
        }

        @Test func `a call on a network root ends at the deadline`() throws {
            try withStalled("network") { _, _, readers in
                for reader in readers {
                    let ended = try reader.wait(10)
                    #expect(ended.status == 1)
                    #expect(ended.errorText.contains("Input/output error"), "\(ended)")
                }
            }
        }

        @Test func `a call on a local root waits as long as the disk does`() throws {
            try withStalled("local") { system, mount, readers in
                for reader in readers {
                    #expect(!reader.ends(within: 4), "four times the deadline of network roots")
                }
                system.recover()
                for reader in readers {
                    let ended = try reader.wait(20)
                    #expect(ended.status == 0, "\(ended)")
                    #expect(ended.output.count == Self.content.count)
                    #expect(ended.output.elementsEqual(Self.content), "other bytes")
                }
                #expect(listing("\(mount)/far") == .ok(["f"]))
            }
        }
    }
}
