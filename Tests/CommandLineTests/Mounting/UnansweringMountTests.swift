import Foundation
import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// A mount whose process is there and does not answer.
    @Suite(.needsMounts()) struct UnansweringMountTests {
        private func isStopped(_ process: pid_t) -> Bool {
            let folder = "/proc/\(process)/task"
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return !threads.isEmpty
                && threads.allSatisfy { thread in
                    let text = try? String(
                        contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8)
                    return text?.split(separator: ")").last?.hasPrefix(" T") ?? true
                }
        }

        private func withStopped(_ body: (Site, _ mount: String, _ daemon: pid_t) throws -> Void)
            throws
        {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withMount { mount in
                    let daemon = try site.daemon()
                    kill(daemon, SIGSTOP)
                    defer {
                        kill(daemon, SIGKILL)
                    }
                    // A thread that is still on its way to stop could take a request with it, and
                    // nothing but its going on would end who waits for that.
                    try #require(eventually(within: 10) { isStopped(daemon) })
                    try body(site, mount, daemon)
                }
            }
        }

        @Test(arguments: ["unmount", "mount"])
        func `a stopped process is named, with the ways to end it`(_ command: String) throws {
            try withStopped { site, mount, daemon in
                let done = try site.run("\(command) \(mount)", within: 30)
                expectRefusal(
                    done, 1, saying: "does not answer", "process \(daemon) is stopped",
                    "kill -CONT \(daemon)", "kill -9 \(daemon)", "--lazy")
                #expect(!done.errorText.contains("in use"))
                kill(daemon, SIGCONT)
                #expect(contents("\(mount)/vol/f") == .ok(Array("text".utf8)))
                try site.ok("unmount \(mount)")
                #expect(eventually(within: 10) { site.daemons() == [] })
            }
        }

        @Test func `--lazy takes the mount away and names what is left`() throws {
            try withStopped { site, mount, daemon in
                let done = try site.ok("unmount \(mount) --lazy", within: 30)
                #expect(done.text.contains("kill -9 \(daemon)"), "\(done.text)")
                #expect(MountTable.line(at: mount) == nil)
                try site.ok("mount \(mount)")
                #expect(contents("\(mount)/vol/f") == .ok(Array("text".utf8)))
            }
        }

        @Test func `after a kill -9 it is unmounted like any dead mount`() throws {
            try withStopped { site, mount, daemon in
                kill(daemon, SIGKILL)
                #expect(eventually(within: 10) { site.daemons() == [] })
                try site.ok("unmount \(mount)")
                #expect(MountTable.line(at: mount) == nil)
            }
        }

        @Test func `stat of a path in it ends, and says what to look at`() throws {
            try withStopped { site, mount, _ in
                let done = try site.run("stat \(mount)", within: 30)
                expectRefusal(done, 1, saying: "did not answer")
            }
        }
    }
}
