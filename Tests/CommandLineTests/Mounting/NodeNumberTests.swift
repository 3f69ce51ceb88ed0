import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct NodeNumberTests {
        private static let paths = [
            "", "vol", "vol/d", "vol/d/e", "vol/d/e/deep", "vol/d/kept", "vol/f", "vol@r1",
            "vol@r1/d", "vol@r1/d/kept", "vol@r1/f", "other", "other/f",
        ]

        private func numbers(_ mount: String) throws -> [UInt64] {
            try Self.paths.map { try #require(Facts("\(mount)/\($0)"), "\($0)").inode }
        }

        @Test(arguments: [SIGKILL, SIGTERM])
        func `node numbers are the same after the daemon has ended and in every mount`(
            _ signal: Int32
        ) throws {
            try withSite { site in
                for name in ["f", "d/kept", "d/e/deep"] { try site.write(name, "one") }
                try site.publish()
                try site.publish("other")
                try DiskFile.replace("\(site.origin)/f", Array("two!".utf8))
                try site.scanAndPublish()
                let before = try site.withMount { mount in
                    let first = try numbers(mount)
                    #expect(Set(first).count == Self.paths.count - 1, "only d/kept has two names")
                    #expect(
                        first[Self.paths.firstIndex(of: "vol/d/kept")!]
                            == first[Self.paths.firstIndex(of: "vol@r1/d/kept")!])
                    let pid = try site.daemon()
                    try site.withMount(name: "second") { second in
                        let there = try numbers(second)
                        #expect(there == first)
                    }
                    kill(pid, signal)
                    #expect(eventually(within: 20) { !site.daemons().contains(pid) })
                    return first
                }
                // A scan that finds nothing and one of another volume give nothing a new number.
                try site.ok("volume scan vol --quiet")
                try site.withMount { mount in
                    // In another order than before: numbers do not come from first use.
                    for path in Self.paths.reversed() { _ = Facts("\(mount)/\(path)") }
                    let after = try numbers(mount)
                    #expect(after == before)
                }
            }
        }
    }
}
