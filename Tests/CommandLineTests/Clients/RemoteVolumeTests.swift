import Foundation
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    /// The way from a server on another machine to a mount and a bucket.
    @Suite(.needsMounts(), .needs("curl")) struct RemoteVolumeTests {
        /// SHA-256 of nothing: an empty file has no block to keep.
        private static let empty =
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

        private static let servers = OriginServer.allCases.filter {
            $0.isThere(for: "RemoteVolumeTests")
        }

        @Test(arguments: servers)
        func `mount and bucket give an origin's files, cold, warm and without it`(
            _ kind: OriginServer
        ) throws {
            try withSite { site in
                let archive: String
                if let real = RealData.folder {
                    archive = "\(real)/volumes/hst"
                } else {
                    try site.ok(["sample-archive", "\(site.folder)/sample", "--quiet"])
                    archive = "\(site.folder)/sample/hst"
                }
                let scratch = try site.makeFolder("scratch")
                let server: ServerProcess
                var words = ["--allow-http", "--allow-private"]
                switch kind {
                case .rclone:
                    let above = URL(fileURLWithPath: archive).deletingLastPathComponent().path
                    server = try OriginServer.bucketServer(of: above, scratch: scratch)
                    words += ["--origin", "s3://hst", "--endpoint", server.url, "--anonymous"]
                case .nginx:
                    server = try OriginServer.webServer(of: archive, scratch: scratch)
                    words += ["--origin", server.url]
                }
                try site.ok(["root", "add", "far"] + words)
                try site.ok(["volume", "add", "far", "--source", "far:", "--public"])
                try site.ok(["volume", "scan", "far", "--strict"])
                try site.ok(["volume", "publish", "far"])
                let expected = try Tree.read(archive).filter { !$0.value.isFolder }
                    .mapValues(\.sha256)
                #expect(expected.count > 3)
                try site.withMount([]) { mount in
                    for _ in 0..<2 {
                        let found = try Tree.read("\(mount)/far").filter { !$0.value.isFolder }
                        let isSame = found.mapValues(\.sha256) == expected
                        #expect(isSame)
                    }
                    try site.withServed { server in
                        for (path, sha256) in expected {
                            let got = try TwoPlanesTests.get(server, "far/\(path)")
                            #expect(got.sha256 == sha256, "\(path)")
                        }
                    }
                    server.signal(SIGTERM)
                    let warm = try Tree.read("\(mount)/far").filter { !$0.value.isFolder }
                    let isSame = warm.mapValues(\.sha256) == expected
                    #expect(isSame)
                }
                #expect(try site.ok("cache verify").text.contains(" 0 of them bad"))
                #expect(
                    try site.ok("cache ls").lines.count == expected.count { $0.value != Self.empty }
                )
                try site.ok("cache evict far")
                #expect(try site.ok("cache ls").lines.isEmpty)
            }
        }

        @Test
        func `what a mount has read is fetched from its receipt, and what is named from a list`()
            throws
        {
            guard Self.servers.contains(.nginx) else { return }
            try withSite { site in
                try site.ok(["sample-archive", "\(site.folder)/sample", "--quiet"])
                let archive = "\(site.folder)/sample/hst"
                let server = try OriginServer.webServer(
                    of: archive, scratch: try site.makeFolder("scratch"))
                try site.ok([
                    "root", "add", "far", "--origin", server.url, "--allow-http",
                    "--allow-private",
                ])
                try site.ok(["volume", "add", "far", "--source", "far:", "--public"])
                try site.ok(["volume", "scan", "far"])
                try site.ok(["volume", "publish", "far"])
                let files = try Tree.read(archive).filter { !$0.value.isFolder }
                let read = Array(files.keys.sorted().prefix(2))
                try #require(read.count == 2)
                let receipt = "\(site.folder)/receipt.json"
                try site.withMount([]) { mount in
                    for path in read {
                        _ = try Data(contentsOf: URL(fileURLWithPath: "\(mount)/far/\(path)"))
                    }
                    try Data(contentsOf: URL(fileURLWithPath: "\(mount)/.perigee/receipt.json"))
                        .write(to: URL(fileURLWithPath: receipt))
                }
                try site.ok("cache evict --all")
                #expect(try site.ok("cache ls").lines.isEmpty)
                let done = try site.ok(["prefetch", "--manifest", receipt])
                #expect(done.text.contains("In the cache: 2 files"), "\(done.text)")
                #expect(try site.ok("cache ls").lines.allSatisfy { $0.contains("whole") })

                let list = "\(site.folder)/list"
                try "# all of it\nfar:\n\nfar:no/such\n".write(
                    toFile: list, atomically: true, encoding: .utf8)
                let partly = try site.run(["prefetch", "--manifest", list])
                #expect(partly.status == 1)
                #expect(partly.errorText.contains("no/such"), "\(partly.errorText)")
                #expect(partly.text.contains("In the cache: \(files.count) files"))

                server.signal(SIGTERM)
                try site.withMount([]) { mount in
                    let found = try Tree.read("\(mount)/far").filter { !$0.value.isFolder }
                    let isSame = found.mapValues(\.sha256) == files.mapValues(\.sha256)
                    #expect(isSame)
                }
            }
        }

        @Test func `what cannot be fetched is said before anything is`() throws {
            guard Self.servers.contains(.nginx) else { return }
            try withSite { site in
                let archive = try site.makeFolder("archive")
                try Data().write(to: URL(fileURLWithPath: "\(archive)/large"))
                #expect(truncate("\(archive)/large", 64 << 20) == 0)
                let server = try OriginServer.webServer(
                    of: archive, scratch: try site.makeFolder("scratch"))
                defer { server.signal(SIGTERM) }
                try site.ok([
                    "root", "add", "far", "--origin", server.url, "--allow-http",
                    "--allow-private",
                ])
                try site.ok(["volume", "add", "far", "--source", "far:", "--public"])
                try site.ok(["volume", "scan", "far"])
                try site.ok(["volume", "publish", "far"])
                let tooMuch = try site.run("cache warm far --cache-size 16MiB")
                #expect(tooMuch.status == 1)
                #expect(tooMuch.errorText.contains("--cache-size"), "\(tooMuch.errorText)")
                let manifest = "\(site.folder)/manifest"
                for (text, hint) in [
                    ("{\"receipt\":2,\"files\":[]}", "form 2"), ("{", "no receipt"),
                    ("far:a\nno reference here\n", "line 2"),
                ] {
                    try text.write(toFile: manifest, atomically: true, encoding: .utf8)
                    let done = try site.run(["prefetch", "--manifest", manifest])
                    #expect(done.status != 0)
                    #expect(done.errorText.contains(hint), "\(done.errorText)")
                }
                #expect(try site.run("cache warm nothing").status == 1)
                #expect(try site.run("prefetch --manifest /nowhere").status == 64)
            }
        }

        @Test(
            arguments: [
                ("--origin s3://b --endpoint http://127.0.0.1:9", "--allow-http"),
                ("--origin s3://b --endpoint http://127.0.0.1:9 --allow-http", "--allow-private"),
                ("--origin https://h.example/ --region x", "buckets"),
                ("--origin s3://b --listing autoindex", "web archives"),
                ("--origin s3://b --anonymous --credentials-file x", "contradict"),
                ("--origin posix:/tmp --endpoint http://h", "another machine"),
                ("--origin ftp://h/", "unknown"),
            ])
        func `what is no remote root is refused with the way out`(words: String, hint: String)
            throws
        {
            try withSite { site in
                let done = try site.run("root add far \(words)")
                #expect(done.status != 0)
                #expect(done.errorText.contains(hint), "\(done.errorText)")
            }
        }
    }
}
