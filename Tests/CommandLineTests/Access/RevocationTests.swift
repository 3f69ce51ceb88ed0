import AccessControl
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite(.needsMounts()) struct RevocationTests {
        /// Seconds in which a revocation has to be in force in every process on the machine.
        private static let limit = 1.0

        @Test(arguments: ["auto", "off"])
        func `a change that another process makes is in force on a mount within a second`(
            _ passthrough: String
        ) throws {
            try withTemporaryFolder { folder in
                let world = try AccessWorld(in: folder)
                let site = Site(folder: folder)
                defer { site.clear() }
                let volume = try world.addVolume("team-work")
                let content = pattern(300_000, version: 1)
                for index in 0..<10 { try world.write(volume, "d/file-\(index)", content) }
                try world.publish(volume)
                try world.addUser("ada", in: "staff")
                try world.addUser("ben", in: "staff")
                try world.set(.granting(.read, to: "team:staff", named: "staff"), on: volume)
                try site.withMount(["--as", "ada", "--passthrough", passthrough], name: "ada") {
                    ada in
                    try site.withMount(["--as", "ben"], name: "ben") { ben in
                        let path = "\(ada)/team-work/d/file-1"
                        #expect(contents(path) == .ok(content))
                        let file = open(path, O_RDONLY | O_CLOEXEC)
                        defer { close(file) }
                        let working = open("\(ada)/team-work/d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                        defer { close(working) }

                        let start = monotonicNanoseconds()
                        try world.remove("ada", from: "staff")
                        let committed = monotonicNanoseconds()
                        #expect(
                            eventually(within: Self.limit) { contents(path) == .failed(ENOENT) })
                        let seconds = Double(monotonicNanoseconds() - committed) * 1e-9
                        print(
                            "in force \(seconds) s after the commit, which took",
                            "\(Double(committed - start) * 1e-9) s")
                        #expect(listing(ada) == .ok(["canary"]))
                        #expect(openat(working, "file-2", O_RDONLY | O_CLOEXEC) < 0)
                        #expect([ENOENT, ESTALE].contains(errno))
                        #expect(contents(of: file) == .ok(content))
                        // The other member is not touched.
                        #expect(contents("\(ben)/team-work/d/file-1") == .ok(content))

                        try world.set(
                            .granting(.list, to: "team:staff", named: "staff"), on: volume)
                        #expect(
                            eventually(within: Self.limit) {
                                contents("\(ben)/team-work/d/file-1") == .failed(EACCES)
                            })
                        #expect(listing("\(ben)/team-work/d").value?.count == 10)
                        try world.setDisabled(true, "ben")
                        #expect(eventually(within: Self.limit) { listing(ben) == .ok([]) })
                    }
                }
            }
        }
    }
}
