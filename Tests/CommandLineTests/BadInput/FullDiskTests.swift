import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsMounts()) struct FullDiskTests {
        @Test func `a full disk while scanning is an error, and loses nothing`() throws {
            try withSite { site in
                let disk = try site.makeFolder("disk")
                try tool("mount", "-t", "tmpfs", "-o", "size=2m", "none", disk)
                let small = Site(folder: site.folder + "/disk")
                try small.ok("init")
                try site.write("a/f", "kept")
                let add = ["volume", "add", "vol", "--public", "--origin", "posix:\(site.origin)"]
                try small.ok(add)
                try small.scanAndPublish()
                let before = try small.ok("volume show vol --json").text
                let long = String(repeating: "n", count: 200)
                for index in 0..<20_000 {
                    let folder = "\(site.origin)/many\(index / 1_000)"
                    if index % 1_000 == 0 { try DiskFile.makeFolder(folder) }
                    try DiskFile.write("\(folder)/\(long)\(index)", [])
                }
                for _ in 0..<3 {
                    let done = try small.run("volume scan vol --quiet", within: 120)
                    expectRefusal(done, 1, saying: "full")
                    #expect(done.errorText.contains("space"), "\(done)")
                    #expect(try small.ok("cat vol:a/f").text == "kept")
                    #expect(try small.ok("volume show vol --json").text == before)
                    try small.ok("volume verify vol")
                }
                try tool("mount", "-o", "remount,size=200m", disk)
                try small.scanAndPublish()
                #expect(try small.ok("ls vol:many7").lines.count == 1_000)
            }
        }

        @Test func `a full disk while publishing publishes nothing, and works later`() throws {
            try withSite { site in
                let disk = try site.makeFolder("disk")
                try tool("mount", "-t", "tmpfs", "-o", "size=4m", "none", disk)
                let small = Site(folder: disk)
                try small.ok("init")
                try site.write("f", "one")
                let add = ["volume", "add", "vol", "--public", "--origin", "posix:\(site.origin)"]
                try small.ok(add)
                try small.scanAndPublish()
                try site.write("g", "two")
                try small.ok("volume scan vol")
                let point = try site.makeFolder("mnt")
                try small.ok("mount \(point)")
                try fill("\(disk)/fill")
                let done = try small.run("volume publish vol")
                #expect(done.status == 1 || done.status == 0, "\(done)")
                let expected = done.status == 0 ? ["f", "g"] : ["f"]
                for words in ["ls vol", "cat vol:f", "volume ls"] { try small.ok(words) }
                let scan = try small.run("volume scan vol")
                if scan.status != 0 { expectRefusal(scan, 1, saying: "space") }
                // What is mounted needs no more room.
                #expect(eventually(within: 2) { listing("\(point)/vol") == .ok(expected) })
                #expect(contents("\(point)/vol/f") == .ok(Array("one".utf8)))
                unlink("\(disk)/fill")
                if done.status != 0 { try small.ok("volume publish vol") }
                #expect(try small.ok("ls vol").lines == ["f", "g"])
                #expect(eventually(within: 2) { listing("\(point)/vol") == .ok(["f", "g"]) })
                try small.ok("unmount \(point)")
                try small.ok("volume verify vol")
            }
        }

        @Test(arguments: ["tmpfs", "ext4"])
        func `on a full disk all can be read and mounted, and a change says why it fails`(
            _ kind: String
        ) throws {
            try withSite { site in
                guard kind == "tmpfs" || Machine.hasLoopDevices else { return }
                let disk = try site.makeFolder("disk")
                if kind == "tmpfs" {
                    try tool("mount", "-t", "tmpfs", "-o", "size=2m", "none", disk)
                } else {
                    // Of this size its blocks are smaller than a page.
                    let image = "\(site.folder)/image"
                    try DiskFile.write(image, [])
                    try DiskFile.setSize(image, 8 << 20)
                    try tool("mkfs.ext4", "-q", "-m", "0", image)
                    try tool("mount", "-o", "loop", image, disk)
                }
                let small = Site(folder: "\(site.folder)/disk/state-of-it")
                try DiskFile.makeFolder(small.folder)
                try small.ok("init")
                try site.write("f", "one")
                let add = ["volume", "add", "vol", "--public", "--origin", "posix:\(site.origin)"]
                try small.ok(add)
                try small.scanAndPublish()
                try fill("\(disk)/fill")
                for _ in 0..<2 {
                    #expect(try small.ok("volume ls").lines.count == 1)
                    #expect(try small.ok("root ls").lines.count == 1)
                    #expect(try small.ok("ls vol").lines == ["f"])
                    #expect(try small.ok("cat vol:f").text == "one")
                    try small.ok("stat vol@r1:f")
                    try small.ok("volume show vol")
                    try small.ok("volume diff vol@r1 vol")
                    try small.ok("volume verify vol")
                    for words in ["volume set vol --private", "volume scan vol", "volume rm vol"] {
                        let done = try small.run(words)
                        expectRefusal(done, 1, saying: "space", "nothing was changed")
                    }
                }
                let point = try site.makeFolder("mnt")
                let daemon = try small.start(["mount", point, "--foreground"])
                #expect(eventually(within: 20) { listing("\(point)/vol") == .ok(["f"]) })
                #expect(contents("\(point)/vol/f") == .ok(Array("one".utf8)))
                // A mount that began on a full disk follows what is published when it is not.
                unlink("\(disk)/fill")
                try site.write("g", "two")
                try small.scanAndPublish()
                #expect(eventually(within: 2) { listing("\(point)/vol") == .ok(["f", "g"]) })
                #expect(contents("\(point)/vol/g") == .ok(Array("two".utf8)))
                try small.ok("volume set vol --private")
                #expect(eventually(within: 2) { listing(point) == .ok([]) })
                try site.ok("unmount \(point)")
                #expect(try daemon.wait(20).status == 0)
                try small.ok("volume verify vol")
            }
        }

        private func fill(_ path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(file) }
            let piece = [UInt8](repeating: 1, count: 4_096)
            while write(file, piece, piece.count) > 0 {}
        }
    }
}
