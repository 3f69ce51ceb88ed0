import AccessControl
import Foundation
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

@Suite(
    "An embargo and an open mount", .serialized, .needsMounts(), .timeLimit(.minutes(5)))
struct AccessEmbargoTests {
    private static let start = Timestamp(nanoseconds: 1_767_225_600_000_000_000)  // 2026-01-01
    private static let metadata = start.after(seconds: 86_400)
    private static let data = start.after(seconds: 2 * 86_400)
    private static let content = [UInt8](repeating: 0x45, count: 300_000)

    /// A volume of which one file waits for its metadata's and data's release.
    private static func withWorld(
        _ body: (AccessWorld, VolumeName, LocalVolumeService) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld(in: folder, at: start)
            let volume = try world.addVolume("jwst")
            try world.write(volume, "d/waits.fits", content)
            try world.write(volume, "d/is-out.fits", Array("out".utf8))
            try world.publish(volume)
            try world.guardVolume(volume, embargo: EmbargoPolicy())
            try world.setAttributes(
                [
                    AttributeRow("d/waits.fits", "metadata_release", metadata.iso8601),
                    AttributeRow("d/waits.fits", "data_release", data.iso8601),
                    AttributeRow("d/waits.fits", "proposal_id", "1288"),
                    AttributeRow("d/is-out.fits", "data_release", "2001-01-01"),
                ], of: volume)
            try world.set(.granting(.read, to: "anyone", named: "all"), on: volume)
            let service = try world.service()
            defer { service.stop() }
            try await body(world, volume, service)
        }
    }

    /// What a program sees of a file.
    private enum Seen: Equatable {
        case absent, closed, readable

        init(_ path: String) throws {
            var status = stat()
            guard lstat(path, &status) == 0 else {
                guard errno == ENOENT else { throw Errno(value: errno) }
                self = .absent
                return
            }
            let refused = try refusal { _ = try readAll(path) }
            switch (status.st_mode & 0o7777, refused) {
            case (0, EACCES?): self = .closed
            case (0o444, nil): self = .readable
            default: throw AccessContradiction("mode \(status.st_mode), \(refused as Any)")
            }
        }
    }

    private static func isSoon(_ expected: Seen, _ paths: [String]) throws {
        for path in paths {
            var seen: Seen?
            let seconds = secondsUntil {
                seen = try? Seen(path)
                return seen == expected
            }
            #expect(seconds != nil, "\(path) is \(seen as Any), not \(expected), after 1 s")
        }
    }

    @Test("Opens at its instants with nobody doing anything, and closes where the clock jumps back")
    func flips() async throws {
        try await Self.withWorld { world, volume, service in
            try await withMounts(
                of: service,
                for: [
                    MountIdentity(principal: .anyone),
                    MountIdentity(principal: .anyone, showing: .readable),
                ]
            ) { mounts in
                try await offPool { () throws in
                    let paths = ["jwst/d/waits.fits", "jwst@r1/d/waits.fits"]
                    let shown = paths.map { mounts[0].at($0) }
                    let hiding = paths.map { mounts[1].at($0) }
                    let folder = mounts[0].at("jwst/d")
                    let all = ["is-out.fits", "waits.fits"]
                    // Forward, back, and forward again.
                    for _ in 0..<2 {
                        // The kernel remembers what is asked twice.
                        for _ in 0..<2 { try Self.isSoon(.absent, shown + hiding) }
                        #expect(try names(folder).sorted() == ["is-out.fits"])

                        world.hand.turn(to: Self.metadata)
                        try Self.isSoon(.closed, shown)
                        try Self.isSoon(.absent, hiding)
                        #expect(try secondsUntil { try names(folder).sorted() == all } != nil)
                        #expect(try names(mounts[1].at("jwst/d")) == ["is-out.fits"])

                        world.hand.turn(to: Self.data)
                        try Self.isSoon(.readable, shown + hiding)
                        for path in shown + hiding {
                            #expect(try readAll(path) == Self.content)
                        }
                        #expect(
                            try secondsUntil {
                                try names(mounts[1].at("jwst/d")).sorted() == all
                            } != nil)

                        world.hand.turn(to: Self.metadata.after(seconds: 5))
                        try Self.isSoon(.closed, shown)
                        try Self.isSoon(.absent, hiding)
                        world.hand.turn(to: Self.start)
                        try Self.isSoon(.absent, shown + hiding)
                    }
                }
            }
        }
    }

    @Test("Extended, it closes pinned revisions too")
    func extended() async throws {
        try await Self.withWorld { world, volume, service in
            world.hand.turn(to: Self.data)
            try await withMounts(of: service, for: [MountIdentity(principal: .anyone)]) { mounts in
                try await offPool { () throws in
                    let paths = ["jwst/d/waits.fits", "jwst@r1/d/waits.fits"].map {
                        mounts[0].at($0)
                    }
                    try Self.isSoon(.readable, paths)
                    let proposal = try AttributeKey("proposal_id")
                    try world.setReleases(
                        [
                            ReleaseRow(
                                key: proposal, value: "1288", metadata: nil,
                                data: Self.data.after(seconds: 86_400))
                        ], of: volume)
                    try Self.isSoon(.closed, paths)
                    try world.setReleases(
                        [
                            ReleaseRow(
                                key: proposal, value: "1288",
                                metadata: Self.data.after(seconds: 3_600),
                                data: Self.data.after(seconds: 86_400))
                        ], of: volume)
                    try Self.isSoon(.absent, paths)
                    world.hand.turn(to: Self.data.after(seconds: 86_400))
                    try Self.isSoon(.readable, paths)
                }
            }
        }
    }
}
