import AccessControl
import Dispatch
import Foundation
import FuseMount
import Logging
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

/// A mount for the length of a test.
struct Mounted: Sendable {
    let path: String
    let mount: PerigeeMount

    func at(_ name: String) -> String { "\(path)/\(name)" }
}

/// Mounts the fake's volumes on a temporary folder, runs `body` on a thread of its own (it blocks
/// in system calls that this process itself answers), and unmounts.
func withMount<Result: Sendable>(
    _ service: FakeVolumeService, _ layout: MountLayout = .everyVolume,
    _ options: MountOptions = MountOptions(),
    _ body: @escaping @Sendable (Mounted) throws -> Result
) async throws -> Result {
    let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("perigee-mount-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    var logger = Logger(label: "mount")
    logger.logLevel = .warning
    var options = options
    options.drain = min(options.drain, .seconds(2))
    let mount = try PerigeeMount(
        service: service, principal: .anyone, mountPoint: path, layout: layout, options: options,
        logger: logger, onReady: { isReady.yield() })
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            defer { isReady.finish() }
            try await mount.run()
            return nil
        }
        var waiting = ready.makeAsyncIterator()
        guard await waiting.next() != nil else {
            while try await group.next() != nil {}
            throw PerigeeError(.conflict, "the mount ended before it was ready")
        }
        group.addTask {
            defer { mount.unmount() }
            return try await offPool { try body(Mounted(path: path, mount: mount)) }
        }
        var result: Result?
        while let value = try await group.next() { result = value ?? result }
        return try #require(result)
    }
}

func offPool<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "test.body").async {
            continuation.resume(with: Swift.Result { try body() })
        }
    }
}

/// An errno as an error, for tests.
struct Errno: Error, Equatable, CustomStringConvertible {
    let value: Int32
    var description: String { String(cString: strerror(value)) }
}

/// The errno that a call set, or 0 where it succeeded.
func failure(_ result: some BinaryInteger) -> Int32 { result < 0 ? errno : 0 }

func readAll(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Errno(value: errno) }
    defer { close(file) }
    return try readAll(file)
}

func readAll(_ file: Int32) throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count == 0 { return all }
        guard count > 0 else { throw Errno(value: errno) }
        all += buffer[..<count]
    }
}

func text(_ path: String) throws -> String { String(decoding: try readAll(path), as: UTF8.self) }

func names(_ path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw Errno(value: errno) }
    defer { closedir(folder) }
    var found: [String] = []
    while let entry = readdir(folder) {
        found.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    return found.filter { $0 != "." && $0 != ".." }
}

func inode(_ path: String) throws -> UInt64 {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Errno(value: errno) }
    return UInt64(status.st_ino)
}

/// Tries until it is true, at most for `seconds`: for what the kernel is told from another thread.
func eventually(_ seconds: Double = 1, _ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        if ContinuousClock.now > deadline { return false }
        usleep(5_000)
    }
    return true
}

/// Bytes in which each place can be told from its neighbours.
func pattern(_ count: Int) -> [UInt8] { Array(longPattern.prefix(count)) }

/// Whether `bytes` are those of the pattern from `offset` on; by memcmp, as a loop takes seconds in
/// a debug build.
func isPattern(_ bytes: [UInt8], at offset: Int) -> Bool {
    guard !bytes.isEmpty else { return true }
    guard offset + bytes.count <= longPattern.count else { return false }
    return longPattern.withUnsafeBytes { pattern in
        bytes.withUnsafeBytes { memcmp($0.baseAddress!, pattern.baseAddress! + offset, $0.count) }
    } == 0
}

private let longPattern: [UInt8] = (0..<5_000_000).map {
    UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8)
}
