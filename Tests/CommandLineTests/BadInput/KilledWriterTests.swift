import Foundation
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct KilledWriterTests {
        /// What a revision holds: each line of `ls -l -R`.
        private func listing(_ site: Site, _ reference: String) throws -> [String] {
            try site.ok("ls -l -R \(reference) --owner").lines
        }

        private func withTree(_ body: (Site) throws -> Void) throws {
            try withSite { site in
                for folder in 0..<40 {
                    for file in 0..<40 { try site.write("d\(folder)/f\(file)", "v0 \(folder)") }
                }
                try site.publish()
                try body(site)
            }
        }

        private func change(_ site: Site, _ round: Int, _ random: inout SeededRandom) throws {
            for _ in 0..<200 {
                let path = "\(site.origin)/d\(random.below(40))/f\(random.below(40))"
                try DiskFile.replace(path, random.bytes(10 + random.below(50)))
            }
            try site.write("d\(round % 40)/new\(round)", "new")
            unlink("\(site.origin)/d\(random.below(40))/f\(random.below(40))")
        }

        @Test func `a scan killed at any instant leaves what was published, and the next works`()
            throws
        {
            var random = SeededRandom(announcing: "kill -9 of scans")
            try withTree { site in
                var length = 0.05
                for round in 0..<20 {
                    try change(site, round, &random)
                    let before = try listing(site, "vol@r\(round + 1)")
                    let scan = try site.start("volume scan vol --quiet".words)
                    usleep(UInt32(random.below(Int(length * 1.2e6)) + 1))
                    scan.kill(SIGKILL)
                    let killed = try scan.wait()
                    #expect(try listing(site, "vol") == before, "round \(round)")
                    #expect(try site.run("volume verify vol@r1 --json").signal == nil)
                    let next = try site.ok("volume scan vol --quiet")
                    if killed.signal == nil { length = min(length, killed.seconds) }
                    length = max(length, next.seconds)
                    try site.ok("volume publish vol")
                    try expectSound(site, revision: round + 2)
                }
            }
        }

        @Test func `a scan with trees killed at any instant leaves digests that can be used`()
            throws
        {
            var random = SeededRandom(announcing: "kill -9 of scans with trees")
            try withSite { site in
                for file in 0..<8 {
                    try site.write("big\(file)", "\(file)")
                    try DiskFile.setSize("\(site.origin)/big\(file)", 3 << 20)
                }
                try site.publish()
                var length = 0.2
                for round in 0..<10 {
                    try site.write("big\(random.below(8))", "round \(round)")
                    try site.write("new\(round)", "new")
                    try DiskFile.setSize("\(site.origin)/new\(round)", (2 << 20) + Int64(round))
                    let scan = try site.start("volume scan vol --digest tree --quiet".words)
                    usleep(UInt32(random.below(Int(length * 1.2e6)) + 1))
                    scan.kill(SIGKILL)
                    _ = try scan.wait()
                    try site.ok("check")
                    let next = try site.ok("volume scan vol --digest tree --quiet")
                    length = max(length, next.seconds)
                    try site.ok("volume publish vol")
                    try site.ok("check")
                    try site.ok("volume verify vol")
                }
                let leaves = try FileManager.default.contentsOfDirectory(
                    atPath: "\(site.state)/catalogues"
                ).filter { $0.hasSuffix(".leaves") }
                #expect(leaves.count == 1)
            }
        }

        @Test func `a publish killed at any instant has published all or nothing`() throws {
            var random = SeededRandom(announcing: "kill -9 of publishing")
            try withTree { site in
                var revision = 1
                var length = 0.05
                for round in 0..<20 {
                    try change(site, round, &random)
                    try site.ok("volume scan vol --quiet")
                    let before = try listing(site, "vol")
                    let candidate = try listing(site, "vol@candidate")
                    let publish = try site.start("volume publish vol".words)
                    usleep(UInt32(random.below(Int(length * 1.2e6)) + 1))
                    publish.kill(SIGKILL)
                    let killed = try publish.wait()
                    let now = try listing(site, "vol")
                    if killed.status == 0 {
                        #expect(now == candidate, "round \(round): acknowledged and lost")
                        length = killed.seconds
                    }
                    #expect(now == before || now == candidate, "round \(round)")
                    if now == before { try site.ok("volume publish vol") }
                    revision += 1
                    #expect(try listing(site, "vol") == candidate)
                    try expectSound(site, revision: revision)
                }
            }
        }

        /// The current revision is that number, is what the origin holds, and has the digest that
        /// was recorded.
        private func expectSound(_ site: Site, revision: Int) throws {
            let volume = try #require(try objects(site.ok("volume show vol --json")).first)
            #expect(volume["current"] as? Int == revision)
            let verified = try site.run("volume verify vol --json")
            #expect(verified.status == 0, "\(verified) \(verified.text.prefix(500))")
            let shown = try site.ok("ls -R vol").lines.filter { !$0.hasSuffix("/") }
            let files = try Tree.read(site.origin, isHashing: false).filter { !$0.value.isFolder }
            #expect(Set(shown) == Set(files.keys))
        }

        @Test func `SIGINT stops a scan soon, with status 1, and nothing has changed`() throws {
            try withSite { site in
                try site.write("f", "one")
                try site.publish()
                let before = try site.ok("volume show vol --json").text
                // Hashing a terabyte of holes lasts longer than anybody waits.
                try DiskFile.setSize("\(site.origin)/hole", 1 << 40)
                for signal in [SIGINT, SIGTERM] {
                    let scan = try site.start("volume scan vol --digest sha256".words)
                    #expect(eventually(within: 10) { isLocked(site) })
                    usleep(300_000)
                    scan.kill(signal)
                    let done = try scan.wait(10)
                    #expect(done.status == 1, "\(done)")
                    #expect(done.errorText.contains("stopped"), "\(done)")
                    #expect(done.errorText.contains("nothing was changed"), "\(done)")
                }
                expectRefusal(try site.run("ls vol@candidate --owner"), 1, saying: "candidate")
                try DiskFile.remove("\(site.origin)/hole")
                #expect(try site.ok("volume scan vol").text.contains("Nothing differs"))
                #expect(try site.ok("volume show vol --json").text == before)
            }
        }

        @Test func `a second writer of one volume is told who the first is`() throws {
            try withSite { site in
                try site.write("f", "one")
                try site.publish()
                try DiskFile.setSize("\(site.origin)/hole", 1 << 40)
                let scan = try site.start("volume scan vol --digest sha256".words)
                try #require(eventually(within: 10) { isLocked(site) })
                for words in [
                    "volume scan vol", "volume publish vol", "volume rollback vol@r1",
                    "volume rm vol", "volume rm vol@candidate",
                ] {
                    expectRefusal(try site.run(words, within: 20), 1, saying: "process \(scan.pid)")
                }
                // Readers and other volumes do not wait.
                #expect(try site.ok("cat vol:f", within: 20).text == "one")
                let other = try site.makeFolder("other")
                try site.publish("other", origin: other)
                scan.kill(SIGKILL)
                try scan.wait()
                try DiskFile.remove("\(site.origin)/hole")
                try site.ok("volume scan vol")
            }
        }

        private func isLocked(_ site: Site) -> Bool {
            let text = (try? DiskFile.read("\(site.state)/catalogues/vol.lock")) ?? []
            return !text.isEmpty
        }
    }
}
