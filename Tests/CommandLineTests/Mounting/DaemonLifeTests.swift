import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct DaemonLifeTests {
        @Test(arguments: ["auto", "off"])
        func `after a kill readers get errors at once, and the next mount works there`(
            _ passthrough: String
        ) throws {
            try withSite { site in
                try site.write("f", pattern(3_000_000, version: 1))
                try site.publish()
                try site.withMount(["--passthrough", passthrough]) { mount in
                    let reader = try Child([
                        "sh", "-c", "while cat '\(mount)/vol/f' > /dev/null; do :; done",
                    ])
                    usleep(300_000)
                    kill(try site.daemon(), SIGKILL)
                    try reader.wait(10)
                    #expect(contents("\(mount)/vol/f") == .failed(ENOTCONN))
                    try site.ok("mount \(mount)")
                    #expect(contents("\(mount)/vol/f") == .ok(pattern(3_000_000, version: 1)))
                    #expect(MountTable.points(below: site.folder) == [mount], "one mount only")
                    #expect(site.daemons().count == 1)
                }
            }
        }

        @Test func `a dead mount is taken away by unmount`() throws {
            try withSite { site in
                try site.publish()
                try site.withMount { mount in
                    kill(try site.daemon(), SIGKILL)
                    #expect(eventually(within: 5) { listing(mount) == .failed(ENOTCONN) })
                    try site.ok("unmount \(mount)")
                    #expect(MountTable.line(at: mount) == nil)
                    #expect(listing(mount) == .ok([]))
                }
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `a signal unmounts and the process ends with 0`(_ signal: Int32) throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                let point = try site.makeFolder("mnt")
                let daemon = try site.start(["mount", point, "--foreground"])
                try #require(eventually(within: 20) { MountTable.line(at: point) != nil })
                #expect(contents("\(point)/vol/f") == .ok(Array("text".utf8)))
                daemon.kill(signal)
                let ended = try daemon.wait(15)
                #expect(ended.status == 0, "\(ended)")
                #expect(MountTable.line(at: point) == nil)
                #expect(listing(point) == .ok([]))
            }
        }

        @Test func `a signal ends a mount that is in use, and what is open drains`() throws {
            try withSite { site in
                try site.write("f", pattern(200_000, version: 3))
                try site.publish()
                let point = try site.makeFolder("mnt")
                let daemon = try site.start(["mount", point, "--foreground"])
                try #require(eventually(within: 20) { MountTable.line(at: point) != nil })
                let file = open("\(point)/vol/f", O_RDONLY | O_CLOEXEC)
                defer { close(file) }
                daemon.kill(SIGTERM)
                #expect(eventually(within: 5) { MountTable.line(at: point) == nil })
                #expect(contents(of: file) == .ok(pattern(200_000, version: 3)))
                let ended = try daemon.wait(20)
                #expect(ended.status == 0, "\(ended)")
            }
        }

        @Test func `unmount refuses a mount in use, and takes it lazily`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withMount { mount in
                    let file = open("\(mount)/vol/f", O_RDONLY | O_CLOEXEC)
                    expectRefusal(try site.run("unmount \(mount)"), 1, saying: "in use", "--lazy")
                    #expect(contents("\(mount)/vol/f") == .ok(Array("text".utf8)))
                    try site.ok("unmount \(mount) --lazy")
                    #expect(MountTable.line(at: mount) == nil)
                    close(file)
                    #expect(eventually(within: 15) { site.daemons() == [] })
                }
            }
        }

        @Test func `an unmount from outside ends the process`() throws {
            try withSite { site in
                try site.publish()
                let point = try site.makeFolder("mnt")
                let daemon = try site.start(["mount", point, "--foreground"])
                try #require(eventually(within: 20) { MountTable.line(at: point) != nil })
                try tool("umount", point)
                #expect(try daemon.wait(15).status == 0)
            }
        }

        @Test func `the background mount leaves its starter's terminal and files alone`() throws {
            try withSite { site in
                try site.publish()
                try site.withMount { mount in
                    let pid = try site.daemon()
                    #expect(getsid(pid) == pid, "a session of its own")
                    for number in 0...2 {
                        let target = try readLink("/proc/\(pid)/fd/\(number)")
                        #expect(target == "/dev/null" || target.hasPrefix(site.state), "\(target)")
                    }
                    #expect(listing(mount) == .ok(["vol"]))
                }
            }
        }

        @Test func `killed again and again while it is read, it always comes back`() throws {
            var random = SeededRandom(announcing: "kill -9 of mounts")
            try withSite { site in
                for index in 0..<50 { try site.write("f\(index)", pattern(50_000, version: 1)) }
                try site.publish()
                let point = try site.makeFolder("mnt")
                for _ in 0..<10 {
                    try site.ok("mount \(point)")
                    let reader = try Child(["sh", "-c", "cat '\(point)'/vol/* > /dev/null"])
                    usleep(UInt32(random.below(200_000)))
                    for pid in site.daemons() { kill(pid, SIGKILL) }
                    try reader.wait(10)
                }
                try site.ok("mount \(point)")
                #expect(contents("\(point)/vol/f7") == .ok(pattern(50_000, version: 1)))
                #expect(MountTable.points(below: site.folder) == [point])
            }
        }

        private func readLink(_ path: String) throws -> String {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = buffer.withUnsafeMutableBytes {
                readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
            try #require(count >= 0)
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
