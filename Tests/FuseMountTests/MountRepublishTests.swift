import Dispatch
import Foundation
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel

@Suite(
    "What a mount shows around a publish", .serialized, .needsMounts(),
    .timeLimit(.minutes(1)))
struct MountRepublishTests {
    private static let fileNames = ["a", "b", "c"]
    private static let size = 200_000

    private static func content(_ version: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(version), count: size)
    }

    private static func files(_ version: Int) -> [String: FakeVolumeService.Content] {
        Dictionary(
            uniqueKeysWithValues: fileNames.map { ("d/\($0)", .bytes(content(version))) })
    }

    /// The version that an open file gives in two reads with `between` between them; nil where the
    /// halves are of two.
    private static func version(_ file: Int32, _ between: () -> Void = {}) throws -> Int? {
        var bytes = [UInt8](repeating: 0, count: size)
        let half = size / 2
        let first = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress!, half, 0) }
        between()
        let second = bytes.withUnsafeMutableBytes {
            pread(file, $0.baseAddress! + half, size - half, half)
        }
        guard first == half, second == size - half else { throw Errno(value: errno) }
        let version = Int(bytes[0])
        return bytes == content(version) ? version : nil
    }

    private static func withOpen<Value>(_ paths: [String], _ body: ([Int32]) throws -> Value) throws
        -> Value
    {
        let opened = paths.map { open($0, O_RDONLY | O_CLOEXEC) }
        defer { for file in opened where file >= 0 { close(file) } }
        if opened.contains(where: { $0 < 0 }) { throw Errno(value: errno) }
        return try body(opened)
    }

    @Test(arguments: [Way.passthrough, .daemon])
    func filesOpenedAroundAPublishAreEachOfOneVersionAndThroughAPinnedRevisionAllOfOne(
        way: Way
    ) async throws {
        try await withFakeService { service in
            try service.publish("hst", Self.files(1))
            try await withMount(service, .everyVolume, way.options) { mounted throws in
                try Self.withOpen([mounted.at("hst/d/a")]) { before in
                    try service.publish("hst", Self.files(2))
                    #expect(
                        try eventually {
                            try Self.withOpen([mounted.at("hst/d/b")]) {
                                try Self.version($0[0]) == 2
                            }
                        })
                    // Two files, opened by one program, of two revisions.
                    #expect(try Self.version(before[0]) == 1)
                    let pinned = Self.fileNames.map { mounted.at("hst@r1/d/\($0)") }
                    #expect(
                        try Self.withOpen(pinned) { try $0.map { try Self.version($0) } }
                            == [1, 1, 1])
                }
                let publishes = DispatchGroup()
                DispatchQueue(label: "publishes").async(group: publishes) {
                    for version in 3...40 {
                        _ = try? service.publish("hst", Self.files(version))
                        usleep(5_000)
                    }
                }
                var rounds = 0
                while publishes.wait(timeout: .now()) == .timedOut || rounds == 0 {
                    rounds += 1
                    let paths = Self.fileNames.map { mounted.at("hst/d/\($0)") }
                    let seen = try Self.withOpen(paths) { files in
                        try files.map { try Self.version($0) { usleep(3_000) } }
                    }
                    let version = try #require(seen[0])
                    #expect(!seen.contains(nil), "bytes of two versions")
                    let pinned = Self.fileNames.map { mounted.at("hst@r\(version)/d/\($0)") }
                    #expect(
                        try Self.withOpen(pinned) { try $0.map { try Self.version($0) } }
                            == [version, version, version])
                }
                #expect(
                    try eventually {
                        try Self.withOpen([mounted.at("hst/d/c")]) {
                            try Self.version($0[0]) == 40
                        }
                    })
            }
        }
    }

    @Test func aBindMountOfAFolderFollowsAPublish() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["d/x": .text("first"), "d/gone": .text("g")])
            try await withMount(service) { mounted throws in
                let point = FileManager.default.temporaryDirectory
                    .appendingPathComponent("perigee-bind-\(UUID().uuidString)").path
                #expect(mkdir(point, 0o755) == 0)
                defer {
                    umount2(point, Int32(MNT_DETACH))
                    rmdir(point)
                }
                try #require(
                    mount(mounted.at("hst/d"), point, nil, UInt(MS_BIND), nil) == 0)
                #expect(try text("\(point)/x") == "first")
                #expect(try names(point).sorted() == ["gone", "x"])
                #expect(access("\(point)/new", F_OK) == -1)
                let node = try inode(point)

                try service.publish("hst", ["d/x": .text("second!"), "d/new": .text("n")])
                #expect(try eventually { try text("\(point)/x") == "second!" })
                #expect(try eventually { access("\(point)/new", F_OK) == 0 })
                #expect(try eventually { access("\(point)/gone", F_OK) == -1 })
                #expect(try names(point).sorted() == ["new", "x"])
                #expect(try inode(point) == node)

                // A revision without the folder, and one that has it again.
                try service.publish("hst", ["other": .text("o")])
                #expect(
                    try eventually {
                        open("\(point)/x", O_RDONLY) == -1 && [ESTALE, ENOENT].contains(errno)
                    })
                try service.publish("hst", ["d/x": .text("third")])
                #expect(try eventually { (try? text("\(point)/x")) == "third" })
                #expect(try inode(point) == node)
            }
        }
    }
}
