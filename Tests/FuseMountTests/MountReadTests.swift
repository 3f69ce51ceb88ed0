import AccessControl
import Dispatch
import Foundation
import FuseMount
import PerigeeTesting
import Synchronization
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

/// A way in which reads are served.
enum Way: String, CaseIterable, Sendable {
    case passthrough, daemon, direct, network

    var options: MountOptions {
        var options = MountOptions()
        options.passthrough = self == .daemon ? .off : .auto
        return options
    }
    var files: FilesContract { self == .direct ? .rewritten : .replaced }
    var locality: Locality { self == .network ? .network : .local }
}

@Suite(
    "Reading through a mount", .serialized, .needsMounts(),
    .timeLimit(.minutes(1)))
struct MountReadTests {
    @Test(arguments: Way.allCases)
    func everyByteIsTheOrigins(way: Way) async throws {
        let sizes = [0, 1, 4_095, 4_096, 4_097, 131_073, 1 << 20, (1 << 20) + 7, 5_000_000]
        try await withFakeService(files: way.files, locality: way.locality) { service in
            try service.publish(
                "hst",
                Dictionary(
                    uniqueKeysWithValues: sizes.map { ("d/\($0).fits", .bytes(pattern($0))) }))
            try await withMount(service, .everyVolume, way.options) { mounted throws in
                for _ in 0..<2 {
                    for size in sizes {
                        let found = try readAll(mounted.at("hst/d/\(size).fits"))
                        #expect(found.count == size && isPattern(found, at: 0))
                    }
                }
                let file = open(mounted.at("hst/d/5000000.fits"), O_RDONLY)
                defer { close(file) }
                var random = SystemRandomNumberGenerator()
                for _ in 0..<200 {
                    let offset = Int.random(in: 0...5_000_100, using: &random)
                    var buffer = [UInt8](repeating: 0xee, count: Int.random(in: 1...9_000))
                    let count = pread(file, &buffer, buffer.count, offset)
                    #expect(count == min(buffer.count, max(5_000_000 - offset, 0)))
                    buffer.removeLast(buffer.count - max(count, 0))
                    #expect(isPattern(buffer, at: offset))
                }
                let status = try #require(
                    try MountStatus.read(mounted.at("hst/d/5000000.fits")))
                let expected: MountStatus.Serving =
                    switch way {
                    case .passthrough:
                        status.serving == .passthrough ? .passthrough : .cached
                    case .daemon, .network: .cached
                    case .direct: .direct
                    }
                #expect(status.serving == expected)
                print("way \(way): \(status.serving?.rawValue ?? "-")")
            }
            #expect(service.state.withLock { $0.opened == $0.closed })
        }
    }

    @Test(arguments: [MountOptions.Passthrough.auto, .on])
    func smallFilesAreReadHereUnlessAllAreToBePassedThrough(
        _ passthrough: MountOptions.Passthrough
    ) async throws {
        try await withFakeService { service in
            let sizes = [0, 1, 128 << 10, 128 << 10 + 1]
            var files: [String: FakeVolumeService.Content] = [:]
            for size in sizes { files["\(size)"] = .bytes(pattern(size)) }
            try service.publish("hst", files)
            var options = MountOptions()
            options.passthrough = passthrough
            try await withMount(service, .everyVolume, options) { mounted throws in
                for size in sizes {
                    let path = mounted.at("hst/\(size)")
                    let file = open(path, O_RDONLY)
                    defer { close(file) }
                    let isPassed = passthrough == .on || size > 128 << 10
                    #expect(
                        try MountStatus.read(path)?.serving == (isPassed ? .passthrough : .cached),
                        "\(size)")
                    #expect(try readAll(path) == pattern(size))
                }
            }
        }
    }

    @Test func aWindowThatIsReadInPiecesIsBroughtInWhole() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .bytes(pattern(5_000_000))])
            try await withMount(service, .everyVolume, Way.daemon.options) { mounted throws in
                let window = ReadAround.window
                let file = open(mounted.at("hst/x"), O_RDONLY)
                defer { close(file) }
                // The kernel itself reads nothing ahead.
                #expect(posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM) == 0)
                func piece(_ offset: Int) {
                    var found = [UInt8](repeating: 0, count: 100)
                    #expect(pread(file, &found, 100, offset) == 100)
                    #expect(isPattern(found, at: offset))
                }
                piece(7 * window + 50_000)
                piece(9 * window)
                #expect(try resident(file, from: 7 * window, window) == 1)
                piece(7 * window + 90_000)
                #expect(try eventually(10) { try resident(file, from: 7 * window, window) == 32 })
                #expect(try resident(file, from: 6 * window, window) == 0)
                #expect(try resident(file, from: 8 * window, window) == 0)
                #expect(try resident(file, from: 9 * window, window) == 1)
                var found = [UInt8](repeating: 0, count: window)
                #expect(pread(file, &found, window, 7 * window) == window)
                #expect(isPattern(found, at: 7 * window))
                // The last window ends within a page, and the file does not grow by it.
                piece(4_990_000)
                piece(4_999_000)
                let last = 38 * window
                #expect(
                    try eventually(10) { try resident(file, from: last, 5_000_000 - last) == 5 })
                found = [UInt8](repeating: 0, count: window)
                #expect(pread(file, &found, window, last) == 5_000_000 - last)
                #expect(isPattern(Array(found[..<(5_000_000 - last)]), at: last))
            }
        }
    }

    @Test(arguments: [Way.passthrough, .daemon, .direct])
    func aPrivateMappingShowsTheFile(way: Way) async throws {
        try await withFakeService(files: way.files) { service in
            try service.publish("hst", ["x": .bytes(pattern(1_000_000))])
            try await withMount(service, .everyVolume, way.options) { mounted throws in
                let file = open(mounted.at("hst/x"), O_RDONLY)
                defer { close(file) }
                let memory = mmap(nil, 1_000_000, PROT_READ, MAP_PRIVATE, file, 0)
                try #require(memory != MAP_FAILED)
                let bytes = UnsafeRawBufferPointer(start: memory, count: 1_000_000)
                #expect(bytes.elementsEqual(pattern(1_000_000)))
                munmap(memory, 1_000_000)
                let shared = mmap(nil, 4_096, PROT_READ, MAP_SHARED, file, 0)
                if way == .direct {
                    #expect(shared == MAP_FAILED && errno == ENODEV)
                } else {
                    #expect(shared != MAP_FAILED)
                }
                if shared != MAP_FAILED { munmap(shared, 4_096) }
            }
        }
    }

    @Test(arguments: [Way.daemon, .direct])
    func aFileRewrittenInPlaceIsStaleAndNeverMixed(way: Way) async throws {
        try await withFakeService(files: way.files) { service in
            try service.publish("hst", ["x": .bytes([UInt8](repeating: 65, count: 3_000_000))])
            let entry = try #require(
                try service.entry(
                    at: EntryPath("x"),
                    of: service.snapshot(of: VolumeName("hst"), at: .current, for: .anyone)))
            let origin = service.path(of: entry, ordinal: 1)
            try await withMount(service, .everyVolume, way.options) { mounted throws in
                let file = open(mounted.at("hst/x"), O_RDONLY)
                defer { close(file) }
                var buffer = [UInt8](repeating: 0, count: 4_096)
                #expect(read(file, &buffer, 4_096) == 4_096)
                #expect(buffer.allSatisfy { $0 == 65 })
                let writer = open(origin, O_WRONLY)
                let other = [UInt8](repeating: 66, count: 3_000_000)
                #expect(write(writer, other, other.count) == other.count)
                close(writer)
                let result = pread(file, &buffer, 4_096, 2_500_000)
                #expect(result == -1 && (errno == ESTALE || errno == EIO))
                #expect(open(mounted.at("hst/x"), O_RDONLY) == -1 && errno == ESTALE)
            }
        }
    }

    @Test func aTruncatedFileIsStale() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .bytes(pattern(1_000_000))])
            let origin = "\(service.folder)/1-2"
            try await withMount(service, .everyVolume, Way.daemon.options) { mounted throws in
                let file = open(mounted.at("hst/x"), O_RDONLY)
                defer { close(file) }
                #expect(truncate(origin, 10) == 0)
                var byte: UInt8 = 0
                #expect(pread(file, &byte, 1, 900_000) == -1)
            }
        }
    }

    @Test func whatWaitsTooLongIsAnErrorAndAnInterruptEndsItAtOnce() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["slow": .text("1"), "fast": .text("2")])
            _ = service.state.withLock { $0.stalled.insert(Array("slow".utf8)) }
            var options = MountOptions()
            options.deadline = .milliseconds(600)
            try await withMount(service, .everyVolume, options) { mounted throws in
                let start = ContinuousClock.now
                #expect(open(mounted.at("hst/slow"), O_RDONLY) == -1 && errno == EIO)
                #expect(ContinuousClock.now - start < .seconds(5))
                #expect(try text(mounted.at("hst/fast")) == "2")
            }
            options.deadline = .seconds(60)
            try await withMount(service, .everyVolume, options) { mounted throws in
                let start = ContinuousClock.now
                let reader = Process()
                reader.executableURL = URL(fileURLWithPath: "/bin/cat")
                reader.arguments = [mounted.at("hst/slow")]
                reader.standardError = FileHandle.nullDevice
                try reader.run()
                usleep(200_000)
                #expect(try text(mounted.at("hst/fast")) == "2")
                kill(reader.processIdentifier, SIGKILL)
                reader.waitUntilExit()
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }

    @Test func deadlinesHoldWhileTheStatesDiskDoesNotAnswer() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["slow": .text("1")])
            _ = service.state.withLock { $0.stalled.insert(Array("slow".utf8)) }
            var options = MountOptions()
            options.deadline = .milliseconds(600)
            try await withMount(service, .everyVolume, options) { mounted throws in
                let gate = DispatchSemaphore(value: 0)
                defer { gate.signal() }
                // A refresh that failed is tried again, and waits for the disk from then on.
                service.state.withLock { $0.isBroken = true }
                service.notify(.volumes)
                service.diskGate.withLock { $0 = gate }
                #expect(try eventually(10) { service.state.withLock { $0.waitingForDisk } > 0 })
                let answer = Mutex<Int32?>(nil)
                DispatchQueue(label: "test.open").async {
                    let result = open(mounted.at("hst/slow"), O_RDONLY)
                    answer.withLock { $0 = result < 0 ? errno : 0 }
                }
                #expect(try eventually(20) { answer.withLock { $0 } == EIO })
            }
        }
    }
}

/// How many pages of a part of a file the kernel holds.
private func resident(_ file: Int32, from offset: Int, _ count: Int) throws -> Int {
    let memory = mmap(nil, count, PROT_READ, MAP_SHARED, file, offset)
    guard let memory, memory != MAP_FAILED else { throw Errno(value: errno) }
    defer { munmap(memory, count) }
    var pages = [UInt8](repeating: 0, count: (count + 4095) / 4096)
    guard mincore(memory, count, &pages) == 0 else { throw Errno(value: errno) }
    return pages.count { $0 & 1 == 1 }
}
