import Foundation
import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// A volume of a bucket with a folder behind it.
    @Suite(.needsMounts()) struct SeveralSourcesTests {
        private static let isServed = OriginServer.rclone.isThere(for: "SeveralSourcesTests")

        @Test(.enabled(if: isServed))
        func `a mount reads on from a folder when the bucket before it is away`() throws {
            try withSite { site in
                let archive: String
                if let real = RealData.folder {
                    archive = "\(real)/volumes/hst"
                } else {
                    try site.ok(["sample-archive", "\(site.folder)/sample", "--quiet"])
                    archive = "\(site.folder)/sample/hst"
                }
                let server = try OriginServer.bucketServer(
                    of: URL(fileURLWithPath: archive).deletingLastPathComponent().path,
                    scratch: try site.makeFolder("scratch"))
                try site.ok(
                    ["root", "add", "far", "--origin", "s3://hst", "--endpoint", server.url]
                        + ["--anonymous", "--allow-http", "--allow-private"])
                try site.ok(["root", "add", "near", "--origin", "posix:\(archive)"])
                try site.ok(
                    ["volume", "add", "two", "--source", "far:", "--source", "near:"]
                        + ["--priority", "2", "--zone", "esac", "--public"])
                #expect(
                    try site.ok("volume source ls two").lines
                        == ["1\tfar:\t0\t-", "2\tnear:\t2\tesac"])
                try site.ok(["volume", "scan", "two", "--strict"])
                try site.ok(["volume", "publish", "two"])
                let expected = try Tree.read(archive).filter { !$0.value.isFolder }
                    .mapValues(\.sha256)
                #expect(expected.count > 3)
                let largest = try #require(
                    expected.keys.max { try size("\(archive)/\($0)") < size("\(archive)/\($1)") })
                let content = try DiskFile.read("\(archive)/\(largest)")
                try site.withMount([]) { mount in
                    let file = open("\(mount)/two/\(largest)", O_RDONLY | O_CLOEXEC)
                    #expect(file >= 0)
                    defer { close(file) }
                    // A part of it from the bucket, and the rest of the open file without.
                    let part = min(content.count, 65_536)
                    var bytes = [UInt8](repeating: 0, count: content.count)
                    #expect(read(file, at: 0, into: &bytes, part) == part)
                    server.signal(SIGTERM)
                    #expect(
                        read(file, at: part, into: &bytes, content.count - part)
                            == content.count - part)
                    let isSame = bytes == content
                    #expect(isSame)
                    let found = try Tree.read("\(mount)/two").filter { !$0.value.isFolder }
                    let isWhole = found.mapValues(\.sha256) == expected
                    #expect(isWhole)
                }
                try site.ok(["volume", "source", "rm", "two", "near:"])
                try site.ok(["volume", "source", "add", "two", "near:,priority=5,zone=stsci"])
                #expect(
                    try site.ok("volume source ls two").lines
                        == ["1\tfar:\t0\t-", "2\tnear:\t5\tstsci"])
            }
        }

        @Test(arguments: [
            ("--source near:x,priority=high", "no priority"),
            ("--source near:x,zone=a/b", "cannot be a zone"),
            ("--source near:a --priority 1 --priority 2", "more --priority"),
            ("--source near:a --origin posix:/tmp", "either"),
        ])
        func `sources that make no sense are refused`(_ words: String, _ told: String) throws {
            try withSite { site in
                let done = try site.run("volume add two \(words)")
                #expect(done.status == 64)
                #expect(done.errorText.contains(told), "\(told)")
            }
        }

        private func size(_ path: String) throws -> Int {
            var facts = stat()
            try #require(stat(path, &facts) == 0)
            return Int(facts.st_size)
        }

        private func read(
            _ file: Int32, at offset: Int, into bytes: inout [UInt8], _ count: Int
        ) -> Int {
            bytes.withUnsafeMutableBytes { buffer in
                var done = 0
                while done < count {
                    let got = pread(
                        file, buffer.baseAddress! + offset + done, count - done, offset + done)
                    if got <= 0 { return got < 0 ? -1 : done }
                    done += got
                }
                return done
            }
        }
    }
}
