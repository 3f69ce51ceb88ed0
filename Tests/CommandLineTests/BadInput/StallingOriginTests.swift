import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite(.needsMounts()) struct StallingOriginTests {
        private static let files: [(name: String, content: [UInt8])] =
            (0..<20).map { ("f\($0)", pattern(100_000, version: UInt64($0))) }

        private func withStalling(
            _ locality: String, _ body: (Site, StallingFileSystem) throws -> Void
        ) throws {
            try withSite { site in
                let far = try site.makeFolder("far")
                try site.write("near", "here")
                try site.publish("near")
                try withStallingOrigin(Self.files, at: far) { system in
                    try site.publish("far", origin: far, flags: ["--locality", locality])
                    try body(site, system)
                }
            }
        }

        @Test(arguments: ["auto", "network"])
        func `reads through a mount fail within the timeout, the rest goes on, all recovers`(
            _ locality: String
        ) throws {
            try withStalling(locality) { site, system in
                try site.withMount(["--timeout", "2"]) { mount in
                    let first = Self.files[0].content
                    #expect(contents("\(mount)/far/f0") == .ok(first))
                    let open = Glibc.open("\(mount)/far/f1", O_RDONLY | O_CLOEXEC)
                    defer { close(open) }
                    system.stall()
                    for round in 0..<3 {
                        let reader = try Child(["cat", "\(mount)/far/f\(round + 2)"])
                        let ended = try reader.wait(8)
                        #expect(ended.status == 1)
                        #expect(ended.output == [])
                        #expect(ended.errorText.contains("Input/output error"), "\(ended)")
                    }
                    #expect(
                        code(
                            pread(
                                open,
                                UnsafeMutableRawPointer.allocate(
                                    byteCount: 4_096, alignment: 8), 4_096, 0)) == EIO)
                    // Names and other volumes come from the catalogue and other origins.
                    #expect(listing("\(mount)/far").value?.count == 20)
                    #expect(Facts("\(mount)/far/f7")?.size == 100_000)
                    #expect(contents("\(mount)/near/near") == .ok(Array("here".utf8)))
                    system.recover()
                    #expect(
                        eventually(within: 15) { contents("\(mount)/far/f9").value != nil },
                        "it does not recover")
                    for file in Self.files {
                        #expect(contents("\(mount)/far/\(file.name)") == .ok(file.content))
                    }
                }
            }
        }

        @Test func `many readers of a stalled origin do not keep others waiting`() throws {
            try withStalling("network") { site, system in
                try site.withMount(["--timeout", "3"]) { mount in
                    system.stall()
                    let readers = try (0..<20).map { try Child(["cat", "\(mount)/far/f\($0)"]) }
                    #expect(eventually(within: 5) { system.heldCount > 0 })
                    let near = try run(["cat", "\(mount)/near/near"], within: 2)
                    #expect(near.text == "here")
                    for reader in readers {
                        let ended = try reader.wait(15)
                        #expect(ended.status == 1, "\(ended)")
                    }
                }
            }
        }

        @Test func `a mount with a stalled origin is unmounted, and its process ends`() throws {
            try withStalling("network") { site, system in
                try site.withMount(["--timeout", "2"]) { mount in
                    system.stall()
                    let reader = try Child(["cat", "\(mount)/far/f3"])
                    #expect(eventually(within: 5) { system.heldCount > 0 })
                    _ = try reader.wait(10)
                    let done = try site.run("unmount \(mount)", within: 20)
                    #expect(done.status == 0, "\(done)")
                    #expect(MountTable.line(at: mount) == nil)
                    #expect(eventually(within: 20) { site.daemons() == [] }, "it does not end")
                }
            }
        }

        @Test(arguments: ["", " --digest sha256"])
        func `a scan of a stalled origin gives up within the timeout, and works later`(
            _ flags: String
        ) throws {
            try withStalling("network") { site, system in
                let before = try site.ok("volume show far --json").text
                system.stall()
                let done = try site.run("volume scan far --timeout 2\(flags)", within: 15)
                expectRefusal(done, 1, saying: "answer", "2 s")
                #expect(done.seconds < 10)
                system.recover()
                #expect(try site.ok("volume show far --json").text == before)
                let again = try site.ok("volume scan far --timeout 10\(flags)")
                #expect(again.text.contains("20 files"), "\(again.text)")
            }
        }

        @Test func `a scan that is stalled midway while it reads content gives up as well`() throws
        {
            try withStalling("network") { site, system in
                let scan = try site.start("volume scan far --timeout 2 --digest sha256".words)
                usleep(150_000)
                system.stall()
                let done = try scan.wait(30)
                // It may have been done before.
                if done.status != 0 {
                    #expect(done.errorText.contains("not answer"), "\(done)")
                }
                system.recover()
                try site.ok("volume scan far --digest sha256")
            }
        }

        @Test func `SIGINT ends a stalled scan`() throws {
            try withStalling("network") { site, system in
                system.stall()
                let scan = try site.start("volume scan far --timeout 60".words)
                #expect(eventually(within: 10) { system.heldCount > 0 })
                usleep(200_000)
                scan.kill(SIGINT)
                #expect(scan.ends(within: 5), "SIGINT does not end it")
            }
        }

        @Test(arguments: [
            "volume add x --origin posix:FAR", "root add x --origin posix:FAR",
            "cat far:f1", "volume verify far --timeout 3", "mount MNT", "volume show far",
            "ls -R far",
        ])
        func `no command hangs on a stalled origin for ever`(_ words: String) throws {
            try withStalling("auto") { site, system in
                let point = try site.makeFolder("mnt")
                system.stall()
                let line = words.replacing("FAR", with: "\(site.folder)/far")
                    .replacing("MNT", with: point)
                let command = try site.start(line.words)
                #expect(command.ends(within: 40), "\(words) hangs")
                system.recover()
                _ = try? command.wait(10)
            }
        }
    }
}
