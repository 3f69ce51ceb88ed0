import Foundation
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// What a server and a service manager tell one another.
    @Suite(.needs("python3")) struct SystemdTests {
        /// Opens sockets as systemd does, becomes the server, and leaves behind a process that
        /// writes down what the server tells.
        private static let manager = """
            import os, socket, sys
            folder, names, program = sys.argv[1], sys.argv[2], sys.argv[3:]
            told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            told.bind(folder + "/notify")
            if os.fork() == 0:
                log = open(folder + "/told", "ab", 0)
                told.settimeout(120)
                while True:
                    try:
                        text = told.recv(4096)
                    except Exception:
                        break
                    log.write(text.replace(b"\\n", b" ") + b"\\n")
                    if text.startswith(b"STOPPING"):
                        break
                os._exit(0)
            listeners = []
            for index, name in enumerate(names.split(":")):
                listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                listener.bind(("127.0.0.1", 0))
                listener.listen(16)
                listeners.append(listener)
            told.close()
            for index, listener in enumerate(listeners):
                os.dup2(listener.fileno(), 100 + index)
            for index in range(len(listeners)):
                os.dup2(100 + index, 3 + index)
                os.close(100 + index)
            os.environ["LISTEN_PID"] = str(os.getpid())
            os.environ["LISTEN_FDS"] = str(len(listeners))
            os.environ["LISTEN_FDNAMES"] = names
            os.environ["NOTIFY_SOCKET"] = folder + "/notify"
            os.environ["WATCHDOG_USEC"] = "200000"
            status = os.fstat(2)
            os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
            os.execv(program[0], program)
            """

        private func start(_ site: Site, _ names: String) throws -> Child {
            try Child(
                [
                    "python3", "-c", Self.manager, site.folder, names, Site.program, "serve",
                    "--json",
                ], environment: site.environment)
        }

        @Test func `sockets are taken over, and the manager is told of each step`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                let child = try start(site, "admin:s3:s3")
                let served = try Served(child)
                #expect(served.s3.count == 2)
                for place in served.s3 + [served.admin] {
                    #expect(!place.hasSuffix(":9000") && !place.hasSuffix(":9001"))
                }
                #expect(try HTTPTalk.get(served.s3[0], "/vol/f").text == "text")
                #expect(try HTTPTalk.get(served.s3[1], "/vol/f").text == "text")
                #expect(try HTTPTalk.get(served.admin, "/readyz").status == 200)
                let told = {
                    (try? String(contentsOfFile: "\(site.folder)/told", encoding: .utf8)) ?? ""
                }
                #expect(eventually(within: 10) { told().contains("READY=1 STATUS=Serving S3 on ") })
                #expect(eventually(within: 10) { told().contains("WATCHDOG=1") })
                child.kill(SIGHUP)
                #expect(eventually(within: 10) { told().contains("RELOADING=1 MONOTONIC_USEC=") })
                #expect(
                    eventually(within: 10) { told().components(separatedBy: "READY=1").count == 3 })
                child.kill(SIGTERM)
                let ended = try child.wait(10)
                #expect(ended.status == 0, "\(ended)")
                #expect(eventually(within: 10) { told().contains("STOPPING=1") })
                #expect(ended.errorText.hasPrefix("<5>the admin listener is up"), "\(ended)")
            }
        }

        @Test func `a socket of an unknown name is refused`() throws {
            try withSite { site in
                let done = try start(site, "http").wait(20)
                #expect(done.status == 64, "\(done)")
                #expect(done.errorText.contains("'http'"), "\(done)")
            }
        }

        @Test(.needs("systemd-analyze")) func `the units are what systemd takes`() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            try withTemporaryFolder { folder in
                // The program that the unit names is another one here.
                for name in ["perigee-s3.service", "perigee-s3.socket"] {
                    let text = try String(
                        contentsOfFile: "\(root)/deploy/systemd/\(name)", encoding: .utf8)
                    try DiskFile.write(
                        "\(folder)/\(name)",
                        Array(text.replacing("/usr/bin/perigee", with: Site.program).utf8))
                }
                let done = try run([
                    "systemd-analyze", "verify", "--man=no", "\(folder)/perigee-s3.service",
                    "\(folder)/perigee-s3.socket",
                ])
                #expect(done.status == 0, "\(done)")
                #expect(!done.errorText.contains("\(folder)/perigee-s3"), "\(done)")
            }
        }
    }
}
