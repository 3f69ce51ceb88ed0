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
