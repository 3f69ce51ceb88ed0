import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct MountPointTests {
        @Test func `a missing one, a file, and one that holds something are refused`() throws {
            try withSite { site in
                try site.publish()
                expectRefusal(
                    try site.run("mount \(site.folder)/missing"), 1, saying: "no folder", "mkdir")
                try DiskFile.write("\(site.folder)/file", [1])
                expectRefusal(
                    try site.run("mount \(site.folder)/file"), 1, saying: "not a folder")
                let full = try site.makeFolder("full")
                try DiskFile.write("\(full)/thing", [1])
                expectRefusal(try site.run("mount \(full)"), 1, saying: "not empty")
                try DiskFile.makeFolder("\(site.folder)/dots")
                try DiskFile.write("\(site.folder)/dots/.hidden", [1])
                expectRefusal(try site.run("mount \(site.folder)/dots"), 1, saying: "not empty")
                #expect(MountTable.points(below: site.folder) == [])
                #expect(site.daemons() == [])
            }
        }

        @Test func `one that is mounted already is refused, and the mount goes on`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withMount { mount in
                    expectRefusal(
                        try site.run("mount \(mount)"), 1, saying: "already", "perigee unmount")
                    #expect(contents("\(mount)/vol/f") == .ok(Array("text".utf8)))
                    #expect(MountTable.points(below: site.folder) == [mount])
                }
            }
        }

        @Test func `one inside an origin, or around it, is refused`() throws {
            try withSite { site in
                try DiskFile.makeFolders("\(site.origin)/inside")
                try site.publish()
                expectRefusal(
                    try site.run("mount \(site.origin)/inside"), 64, saying: "origin root vol")
                expectRefusal(try site.run("mount \(site.origin)"), 64, saying: "origin root vol")
                // Through a link and with dots it is the same folder.
                try DiskFile.link("\(site.folder)/link", to: "\(site.origin)/inside")
                expectRefusal(try site.run("mount \(site.folder)/link"), 64, saying: "origin root")
                // An ancestor of the origin is hidden by the mount; it is not empty either.
                #expect(try site.run("mount \(site.folder)").status != 0)
                #expect(MountTable.points(below: site.folder) == [])
            }
        }

        @Test func `one that holds the state, or lies in it, is refused`() throws {
            try withSite { site in
                expectRefusal(try site.run("mount \(site.folder)"), 64, saying: "state folder")
                expectRefusal(try site.run("mount \(site.state)"), 64, saying: "state folder")
                try DiskFile.makeFolder("\(site.state)/catalogues/mnt")
                expectRefusal(
                    try site.run("mount \(site.state)/catalogues/mnt"), 64, saying: "state folder")
            }
        }

        @Test func `a file system of somebody else is neither mounted over nor unmounted`() throws {
            try withSite { site in
                try site.publish()
                let point = try site.makeFolder("tmpfs")
                try tool("mount", "-t", "tmpfs", "none", point)
                expectRefusal(try site.run("unmount \(point)"), 1, saying: "no mount of perigee")
                expectRefusal(
                    try site.run("unmount \(site.origin)"), 1, saying: "no mount of perigee")
                expectRefusal(
                    try site.run("unmount \(site.folder)/none"), 1, saying: "no mount of perigee")
                #expect(MountTable.line(at: point)?.type == "tmpfs")
            }
        }

        @Test(arguments: ["with blank", "quo'te\"s", "colon:s", "emoji 🛰", "back\\slash", "lf\nx"])
        func `its name may be anything`(_ name: String) throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                let point = "\(site.folder)/\(name)"
                try DiskFile.makeFolder(point)
                try site.ok(["mount", point])
                #expect(contents("\(point)/vol/f") == .ok(Array("text".utf8)))
                let shown = try site.ok(["stat", "\(point)/vol/f", "--json"])
                #expect(try objects(shown).first?["path"] as? String == "f")
                try site.ok(["unmount", point])
                #expect(contents("\(point)/vol/f") == .failed(ENOENT))
                #expect(eventually(within: 10) { site.daemons() == [] })
            }
        }

        @Test func `who owns the state is told why a volume cannot be mounted`() throws {
            try withSite { site in
                let point = try site.makeFolder("mnt")
                try site.write("f", "text")
                try site.ok("volume add vol --origin posix:\(site.origin)")
                let mount = "mount \(point) --volume"
                expectRefusal(
                    try site.run("\(mount) vol"), 1, saying: "nothing of vol is published",
                    "perigee volume scan vol", "perigee volume publish vol")
                try site.scanAndPublish()
                expectRefusal(
                    try site.run("\(mount) vol"), 1, saying: "closed to anyone",
                    "perigee volume set vol --public")
                try site.ok("volume set vol --public")
                expectRefusal(
                    try site.run("\(mount) vol@r9"), 1, saying: "no revision vol@r9", "up to r1",
                    "perigee volume show vol")
                expectRefusal(
                    try site.run("\(mount) vox"), 1, saying: "no volume vox", "perigee volume ls")
                expectRefusal(
                    try site.run("\(mount) vol --volume vol"), 64, saying: "vol is named twice")
                expectRefusal(
                    try site.run("\(mount) vol:none --at-root"), 1, saying: "vol:none")
                expectRefusal(
                    try site.run("\(mount) vol@candidate"), 64, saying: "not published",
                    "perigee volume publish vol")
                #expect(MountTable.points(below: site.folder) == [])
                try site.ok("\(mount) vol@r1")
                #expect(listing(point) == .ok(["vol@r1"]))
            }
        }
    }
}
