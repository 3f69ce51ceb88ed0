import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct RepublishTests {
        /// Seconds in which a mount follows what another process has switched.
        private static let delay = 1.0

        @Test(arguments: ["auto", "off"])
        func `a republish is seen by new look-ups within a second, open files keep theirs`(
            _ passthrough: String
        ) throws {
            try withSite { site in
                try site.write("d/f", "one")
                try site.write("d/old", "old")
                try site.publish()
                try site.withMount(["--passthrough", passthrough]) { mount in
                    let path = "\(mount)/vol/d/f"
                    let file = open(path, O_RDONLY | O_CLOEXEC)
                    defer { close(file) }
                    #expect(contents(path) == .ok(Array("one".utf8)))
                    #expect(contents("\(mount)/vol/d/new") == .failed(ENOENT))
                    let folder = open("\(mount)/vol/d", Linux.path | O_DIRECTORY | O_CLOEXEC)
                    defer { close(folder) }
                    let shell = try Child([
                        "sh", "-c",
                        "cd '\(mount)/vol/d' && touch '\(site.folder)/in'; "
                            + "while ! test -e '\(site.folder)/go'; do sleep 0.02; done; "
                            + "ls; cat f new; cd ../d && pwd",
                    ])
                    try #require(eventually(within: 10) { DiskFile.exists("\(site.folder)/in") })
                    try DiskFile.replace("\(site.origin)/d/f", Array("two!".utf8))
                    try site.write("d/new", "new")
                    try DiskFile.remove("\(site.origin)/d/old")
                    try site.scanAndPublish()
                    #expect(
                        eventually(within: Self.delay) {
                            contents(path) == .ok(Array("two!".utf8))
                                && contents("\(mount)/vol/d/new") == .ok(Array("new".utf8))
                                && contents("\(mount)/vol/d/old") == .failed(ENOENT)
                                && listing("\(mount)/vol/d") == .ok(["f", "new"])
                        })
                    #expect(contents(of: file) == .ok(Array("one".utf8)))
                    let below = openat(folder, "new", O_RDONLY | O_CLOEXEC)
                    #expect(below >= 0)
                    close(below)
                    try DiskFile.write("\(site.folder)/go", [])
                    let said = try shell.wait(10)
                    #expect(said.status == 0, "\(said)")
                    #expect(said.lines == ["f", "new", "two!new\(mount)/vol/d"])
                }
            }
        }

        @Test func `a rollback and back is followed, pinned revisions stay`() throws {
            try withSite { site in
                try site.write("f", "one")
                try site.publish()
                try DiskFile.replace("\(site.origin)/f", Array("three".utf8))
                try site.write("g", "g")
                try site.scanAndPublish()
                try site.withMount { mount in
                    for (revision, names, size) in [
                        ("r1", ["f"], 3), ("r2", ["f", "g"], 5),
                        ("r1", ["f"], 3),
                    ] {
                        try site.ok("volume rollback vol@\(revision)")
                        #expect(
                            eventually(within: Self.delay) {
                                listing("\(mount)/vol") == .ok(names)
                                    && Facts("\(mount)/vol/f")?.size == size
                            })
                        #expect(listing("\(mount)/vol@r1") == .ok(["f"]))
                        #expect(listing("\(mount)/vol@r2") == .ok(["f", "g"]))
                        #expect(Facts("\(mount)/vol@r1/f")?.size == 3)
                    }
                    #expect(listing(mount) == .ok(["vol"]), "pinned ones are not listed")
                    for name in ["vol@r3", "vol@r0", "vol@candidate", "vol@", "vol@r01", "vol@r1x"]
                    {
                        #expect(listing("\(mount)/\(name)") == .failed(ENOENT), "\(name)")
                    }
                    // Its bytes are gone at the origin, where r2 has replaced them.
                    #expect(contents("\(mount)/vol@r1/f") == .failed(ESTALE))
                }
            }
        }

        @Test func `a candidate is in no mount`() throws {
            try withSite { site in
                try site.write("f", "one")
                try site.publish()
                try site.withMount { mount in
                    try site.write("g", "new")
                    try site.ok("volume scan vol")
                    usleep(1_000_000)
                    #expect(listing("\(mount)/vol") == .ok(["f"]))
                    #expect(contents("\(mount)/vol/g") == .failed(ENOENT))
                    #expect(listing("\(mount)/vol@candidate") == .failed(ENOENT))
                    #expect(listing("\(mount)/vol@r2") == .failed(ENOENT))
                }
            }
        }

        @Test func `a volume that is closed is gone within a second, like one that never was`()
            throws
        {
            try withSite { site in
                try site.write("d/f", "one")
                try site.publish()
                try site.withMount { mount in
                    let folder = open("\(mount)/vol/d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                    defer { close(folder) }
                    #expect(contents("\(mount)/vol/d/f").value != nil)
                    #expect(listing("\(mount)/vol@r1").value != nil)
                    for round in 0..<3 {
                        try site.ok("volume set vol --private")
                        #expect(
                            eventually(within: Self.delay) {
                                listing("\(mount)/vol") == .failed(ENOENT)
                                    && listing("\(mount)/vol@r1") == .failed(ENOENT)
                                    && contents("\(mount)/vol/d/f") == .failed(ENOENT)
                                    && listing(mount) == .ok([])
                                    && openat(folder, "f", O_RDONLY | O_CLOEXEC) < 0
                            }, "round \(round)")
                        #expect(listing("\(mount)/never") == .failed(ENOENT))
                        #expect(Facts("\(mount)/vol/d") == nil)
                        try site.ok("volume set vol --public")
                        #expect(
                            eventually(within: Self.delay) {
                                contents("\(mount)/vol/d/f") == .ok(Array("one".utf8))
                            }, "round \(round)")
                    }
                }
            }
        }

        @Test func `volumes that are added and removed come and go in a mount`() throws {
            try withSite { site in
                try site.withMount { mount in
                    #expect(listing(mount) == .ok([]))
                    #expect(listing("\(mount)/later") == .failed(ENOENT))
                    try site.write("f", "one")
                    try site.publish("later")
                    #expect(
                        eventually(within: Self.delay) {
                            listing(mount) == .ok(["later"])
                                && contents("\(mount)/later/f") == .ok(Array("one".utf8))
                        })
                    try site.ok("volume rm later")
                    #expect(
                        eventually(within: Self.delay) {
                            listing(mount) == .ok([])
                                && listing("\(mount)/later") == .failed(ENOENT)
                        })
                }
            }
        }

        @Test func `two mounts of one state follow it side by side`() throws {
            try withSite { site in
                try site.write("f", "one")
                try site.publish()
                try site.withMount(name: "a") { one in
                    try site.withMount(["--volume", "vol", "--at-root"], name: "b") { other in
                        #expect(contents("\(one)/vol/f") == contents("\(other)/f"))
                        try DiskFile.replace("\(site.origin)/f", Array("two!".utf8))
                        try site.scanAndPublish()
                        for path in ["\(one)/vol/f", "\(other)/f"] {
                            #expect(
                                eventually(within: Self.delay) {
                                    contents(path) == .ok(Array("two!".utf8))
                                })
                        }
                        try site.ok("unmount \(one)")
                        #expect(contents("\(other)/f") == .ok(Array("two!".utf8)))
                    }
                }
            }
        }
    }
}
