import AccessControl
import ControlStore
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Several sources of a volume", .serialized, .timeLimit(.minutes(5)))
struct SeveralSourcesTests {
    /// Whether a real server is there.
    static let isServed = OriginServer.rclone.isThere(for: "SeveralSourcesTests")

    @Test(
        "A source that breaks off in the middle of a read is left, and the bytes go on the same",
        .enabled(if: isServed), arguments: ["near", "far2"])
    func breakingOff(other: String) async throws {
        try await SourceFixture.with([try SourceFixture.source(other, priority: 2)]) { fixture in
            try await fixture.serving { service in
                let handle = try await fixture.open("d/big", service)
                defer { handle.close() }
                let first = try #require(ByteRange(offset: 0, count: 100_000))
                let start = try await handle.read(first)
                #expect(start == Array(SourceFixture.big[..<100_000]))
                #expect(fixture.asked > 0)
                fixture.proxy.always(.reset(after: -1))
                let isSame = try await handle.content(piece: 100_000) == SourceFixture.big
                #expect(isSame)
                // Those that are opened now do not wait for it any more.
                let asked = fixture.asked
                let isOther =
                    try await fixture.content("a.fits", service) == SourceFixture.small
                #expect(isOther)
                #expect(fixture.asked == asked)
            }
        }
    }

    @Test(
        "One that never answers is waited for a few seconds, not for all of a read's time",
        .enabled(if: isServed))
    func silent() async throws {
        try await SourceFixture.with([try SourceFixture.source("near", priority: 2)]) { fixture in
            try await fixture.serving { service in
                fixture.proxy.always(.stall(after: -1))
                let start = ContinuousClock.now
                let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                #expect(isSame)
                #expect(ContinuousClock.now - start < .seconds(15))
            }
        }
    }

    @Test(
        "What changed at the first source is read from the one that still has the version",
        .enabled(if: isServed), arguments: ["near", "far2"])
    func changed(other: String) async throws {
        try await SourceFixture.with([try SourceFixture.source(other, priority: 2)]) { fixture in
            try await fixture.serving { service in
                try DiskFile.write("\(fixture.served)/d/big", SourceFixture.content(3_000_000, 9))
                let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                #expect(isSame)
                try DiskFile.remove("\(fixture.served)/a.fits")
                let isOther =
                    try await fixture.content("a.fits", service) == SourceFixture.small
                #expect(isOther)
            }
        }
    }

    @Test(
        "A folder before the others is read, and they are where it has lost a file",
        .enabled(if: isServed))
    func folderFirst() async throws {
        let near = try SourceFixture.source("near", priority: 3, zone: "esac")
        try await SourceFixture.with([near]) { fixture in
            try await fixture.serving(zone: "esac") { service in
                let before = fixture.asked
                let handle = try await fixture.open("d/big", service)
                defer { handle.close() }
                #expect(handle.passthroughDescriptor != nil)
                let isSame = try await handle.content() == SourceFixture.big
                #expect(isSame)
                #expect(fixture.asked == before)
                let found = try #require(
                    try service.find(
                        try EntryPath("d/e/other"), in: fixture.volume, at: .current, for: .anyone))
                let now = try service.openNow(found.file.entry, of: found.snapshot)
                #expect(now != nil)
                now?.close()
                try DiskFile.remove("\(fixture.mirror)/a.fits")
                let isOther =
                    try await fixture.content("a.fits", service) == SourceFixture.small
                #expect(isOther)
                #expect(fixture.asked > before)
            }
        }
    }

    @Test(
        "A node of a source's zone asks it first, others by priority", .enabled(if: isServed))
    func zones() async throws {
        let near = try SourceFixture.source("far2", priority: 2, zone: "esac")
        try await SourceFixture.with([near]) { fixture in
            try await fixture.serving(zone: "esac") { service in
                let before = fixture.asked
                _ = try await fixture.content("a.fits", service)
                #expect(fixture.asked == before)
            }
            try await fixture.serving(zone: "stsci") { service in
                let before = fixture.asked
                _ = try await fixture.content("d/e/other", service)
                #expect(fixture.asked > before)
            }
        }
    }

    @Test(
        "A mirror's file of another size or digest is reported and never read",
        .enabled(if: isServed))
    func otherFiles() async throws {
        let others = try [
            SourceFixture.source("near", priority: 2), SourceFixture.source("far2", priority: 3),
        ]
        // The same size, told by MD5; another size; missing.
        let change: (SourceFixture) throws -> Void = { fixture in
            let copy = "\(fixture.served.dropLast(3))copy"
            try DiskFile.write("\(copy)/d/big", SourceFixture.content(3_000_000, 9))
            try DiskFile.write("\(fixture.mirror)/d/big", Array("short".utf8))
            try DiskFile.remove("\(copy)/a.fits")
        }
        try await SourceFixture.with(others, change: change) { fixture in
            var problems: [ScanProblem] = []
            try fixture.service.publisher.problems(of: fixture.volume) { problems.append($0) }
            #expect(problems.map(\.kind) == [.sourceDiffers, .sourceDiffers])
            #expect(problems[0].detail.contains("near:: 1 of another size, such as 'd/big'"))
            #expect(problems[1].detail.contains("1 missing, such as 'a.fits'"))
            #expect(problems[1].detail.contains("1 of another content"))
            try await fixture.serving { service in
                fixture.proxy.always(.reset(after: -1))
                let isSame =
                    try await fixture.content("a.fits", service) == SourceFixture.small
                #expect(isSame)
                await #expect {
                    _ = try await fixture.content("d/big", service)
                } throws: {
                    ($0 as? PerigeeError)?.code == .originUnavailable
                }
            }
        }
    }

    @Test("A source that failed is asked again by itself", .enabled(if: isServed))
    func recovery() async throws {
        try await SourceFixture.with([try SourceFixture.source("near", priority: 2)]) { fixture in
            try await fixture.serving { service in
                fixture.proxy.always(.reset(after: -1))
                _ = try await fixture.content("a.fits", service)
                fixture.proxy.always(.none)
                let before = fixture.asked
                let end = ContinuousClock.now + .seconds(60)
                while fixture.asked == before, ContinuousClock.now < end {
                    let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                    #expect(isSame)
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(fixture.asked > before)
            }
        }
    }

    @Test(
        "With every source away, what is cached of any is served and the rest fails in time",
        .enabled(if: isServed))
    func allAway() async throws {
        try await SourceFixture.with([try SourceFixture.source("near", priority: 2)]) { fixture in
            try await fixture.serving(deadline: .seconds(5)) { service in
                _ = try await fixture.content("d/big", service)
                fixture.proxy.always(.reset(after: -1))
                #expect(rename(fixture.mirror, "\(fixture.mirror).away") == 0)
                let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                #expect(isSame)
                let start = ContinuousClock.now
                await #expect {
                    _ = try await fixture.content("d/e/other", service)
                } throws: {
                    [.originUnavailable, .timedOut].contains(($0 as? PerigeeError)?.code)
                }
                #expect(ContinuousClock.now - start < .seconds(10))
            }
        }
    }

    @Test(
        "A copy that lies in the cache as a whole goes before a source that would be asked",
        .enabled(if: isServed))
    func wholeInCache() async throws {
        let other = try SourceFixture.source("far2", priority: 2, zone: "esac")
        try await SourceFixture.with([other]) { fixture in
            try await fixture.serving(zone: "esac") { service in
                _ = try await fixture.content("d/big", service)
            }
            try await fixture.serving { service in
                let before = fixture.asked
                let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                #expect(isSame)
                #expect(fixture.asked == before)
            }
        }
    }

    @Test(
        "A source that cannot be listed is reported and keeps what was known of it",
        .enabled(if: isServed))
    func notListed() async throws {
        try await SourceFixture.with([try SourceFixture.source("near", priority: 2)]) { fixture in
            #expect(rename(fixture.mirror, "\(fixture.mirror).away") == 0)
            let report = try fixture.service.publisher.scan(fixture.volume)
            #expect(!report.hasCandidate)
            #expect(report.problems == [.sourceNotCompared: 1])
            #expect(rename("\(fixture.mirror).away", fixture.mirror) == 0)
            try await fixture.serving { service in
                fixture.proxy.always(.reset(after: -1))
                let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                #expect(isSame)
            }
        }
    }

    @Test(
        "A source that is put before the one that was scanned decides after the next scan",
        .enabled(if: isServed))
    func promoted() async throws {
        try await SourceFixture.with([]) { fixture in
            let publisher = fixture.service.publisher
            let near = try SourceFixture.source("near", priority: 0)
            try publisher.addSource(near, to: fixture.volume)
            try await fixture.serving { service in
                // Not scanned: nothing is read there.
                let isSame = try await fixture.content("a.fits", service) == SourceFixture.small
                #expect(isSame)
                #expect(fixture.asked > 0)
            }
            try DiskFile.remove("\(fixture.served)/a.fits")
            _ = try publisher.scan(fixture.volume)
            _ = try? publisher.publish(fixture.volume)
            try await fixture.serving { service in
                let before = fixture.asked
                for (name, bytes) in SourceFixture.files {
                    let isSame = try await fixture.content(name, service) == bytes
                    #expect(isSame, "\(name)")
                }
                #expect(fixture.asked == before)
                for name in ["d/big", "a.fits"] { try DiskFile.remove("\(fixture.mirror)/\(name)") }
                let isSame = try await fixture.content("d/big", service) == SourceFixture.big
                #expect(isSame)
                #expect(fixture.asked > before)
                let asked = fixture.proxy.requests.count { $0.line.contains("a.fits") }
                let error = await asyncFailure {
                    _ = try await fixture.content("a.fits", service)
                }
                #expect(error?.code == .stale)
                // The bucket has lost it, and is not asked.
                #expect(
                    fixture.proxy.requests.count { $0.line.contains("a.fits") } == asked)
            }
        }
    }

    @Test(
        "A source that is added is read after a scan, one that is removed no more, and tags stay",
        .enabled(if: isServed))
    func addedAndRemoved() async throws {
        try await SourceFixture.with([]) { fixture in
            let publisher = fixture.service.publisher
            let near = try SourceFixture.source("near", priority: 2)
            let added = try publisher.addSource(near, to: fixture.volume)
            #expect(added.number == 2)
            #expect(throws: PerigeeError.self) { try publisher.addSource(near, to: fixture.volume) }
            var tag: ETag?
            try await fixture.serving { service in
                tag = try #require(
                    try service.find(
                        try EntryPath("d/big"), in: fixture.volume, at: .current, for: .anyone)
                ).file.etag
                fixture.proxy.always(.reset(after: -1))
                await #expect(throws: PerigeeError.self) {
                    _ = try await fixture.content("a.fits", service)
                }
            }
            fixture.proxy.always(.none)
            let report = try publisher.scan(fixture.volume)
            #expect(!report.hasCandidate)
            #expect(report.problems.isEmpty)
            try await fixture.serving { service in
                fixture.proxy.always(.reset(after: -1))
                let found = try #require(
                    try service.find(
                        try EntryPath("d/big"), in: fixture.volume, at: .current, for: .anyone))
                #expect(found.file.etag == tag)
                let isSame =
                    try await fixture.content("a.fits", service) == SourceFixture.small
                #expect(isSame)
            }
            // Its number may be another's later, which must not take over what was known of it.
            try publisher.removeSource(number: 2, from: fixture.volume)
            #expect(throws: PerigeeError.self) {
                try publisher.removeSource(number: 1, from: fixture.volume)
            }
            try DiskFile.write("\(fixture.mirror)/d/big", SourceFixture.content(3_000_000, 9))
            let again = try publisher.addSource(near, to: fixture.volume)
            #expect(again.number == 2)
            try await fixture.serving { service in
                await #expect(throws: PerigeeError.self) {
                    _ = try await fixture.content("d/e/other", service)
                }
            }
            let actions = try fixture.service.store.history(after: 0, limit: 100).map(\.action)
            #expect(actions.suffix(3) == [.sourceAdded, .sourceRemoved, .sourceAdded])
        }
    }
}
