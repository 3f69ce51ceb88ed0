import Foundation
import FuseMount
import Glibc
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel

@Suite(
    "What a mount has read stands in its receipt", .serialized, .needsMounts(),
    .timeLimit(.minutes(1)))
struct ReceiptTests {
    private struct Receipt: Decodable {
        struct File: Decodable {
            var time: String
            var volume: String
            var path: String
            var size: Int64
            var etag: String?
        }

        var receipt: Int
        var identity: String
        var omitted: Int
        var files: [File]
    }

    private static func receipt(of mounted: Mounted) throws -> Receipt {
        try JSONDecoder().decode(
            Receipt.self, from: Data(try readAll(mounted.at(".perigee/receipt.json"))))
    }

    @Test("Each file once, in the order of first openings", arguments: [false, true])
    func order(isAtRoot: Bool) async throws {
        try await withFakeService { service in
            try service.publish(
                "hst", ["a": .text("a"), "d/\"x\"\n": .text("quoted"), "unread": .text("u")])
            let layout: MountLayout =
                isAtRoot ? .atRoot(try VolumeReference(parsing: "hst")) : .everyVolume
            let prefix = isAtRoot ? "" : "hst/"
            try await withMount(service, layout) { mounted throws in
                #expect(try Self.receipt(of: mounted).files.isEmpty)
                for name in ["d/\"x\"\n", "a", "d/\"x\"\n"] {
                    _ = try readAll(mounted.at(prefix + name))
                }
                _ = failure(access(mounted.at("\(prefix)unread"), F_OK))
                let found = try Self.receipt(of: mounted)
                #expect(found.receipt == 1)
                #expect(found.identity == "anyone")
                #expect(found.omitted == 0)
                #expect(found.files.map(\.path) == ["d/\"x\"\n", "a"])
                #expect(found.files.map(\.size) == [6, 1])
                #expect(found.files.allSatisfy { $0.volume == "hst@r1" && $0.etag != nil })
            }
        }
    }

    @Test("It is found by its name, is in no listing, and cannot be changed")
    func names() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a": .text("a")])
            try await withMount(service) { mounted throws in
                #expect(try FuseMountTests.names(mounted.path) == ["hst"])
                #expect(try FuseMountTests.names(mounted.at(".perigee")) == ["receipt.json"])
                let path = mounted.at(".perigee/receipt.json")
                #expect(failure(open(path, O_WRONLY)) == EROFS)
                #expect(failure(unlink(path)) == EROFS)
                #expect(failure(mkdir(mounted.at(".perigee/x"), 0o755)) == EROFS)
                #expect(failure(access(mounted.at(".perigee/other"), F_OK)) == ENOENT)
                #expect(failure(access(mounted.at("hst/.perigee"), F_OK)) == ENOENT)
                #expect(failure(open(mounted.at(".perigee"), O_RDONLY | O_CREAT)) == EISDIR)
                var facts = stat()
                #expect(stat(path, &facts) == 0)
                #expect(facts.st_mode == S_IFREG | 0o444)
            }
        }
    }

    @Test("An open receipt stays as it was; the next one has what was read since")
    func instants() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a": .text("a"), "b": .text("b")])
            try await withMount(service) { mounted throws in
                _ = try readAll(mounted.at("hst/a"))
                let file = open(mounted.at(".perigee/receipt.json"), O_RDONLY)
                try #require(file >= 0)
                defer { close(file) }
                _ = try readAll(mounted.at("hst/b"))
                let old = try JSONDecoder().decode(Receipt.self, from: Data(try readAll(file)))
                #expect(old.files.map(\.path) == ["a"])
                #expect(try Self.receipt(of: mounted).files.map(\.path) == ["a", "b"])
                var byte: UInt8 = 0
                #expect(pread(file, &byte, 1, 0) == 1)
                #expect(byte == UInt8(ascii: "{"))
                #expect(pread(file, &byte, 1, 1 << 40) == 0)
            }
        }
    }

    @Test("A file is named in each revision that it was read in")
    func revisions() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a": .text("a")])
            try await withMount(service) { mounted throws in
                _ = try readAll(mounted.at("hst/a"))
                try service.publish("hst", ["a": .text("a"), "b": .text("b")])
                let isSeen = try eventually {
                    try FuseMountTests.names(mounted.at("hst")).count == 2
                }
                #expect(isSeen)
                _ = try readAll(mounted.at("hst/b"))
                _ = try readAll(mounted.at("hst@r1/a"))
                let found = try Self.receipt(of: mounted).files.map { "\($0.volume):\($0.path)" }
                #expect(found == ["hst@r1:a", "hst@r2:b", "hst@r1:a"])
            }
        }
    }
}
