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

/// Who mounts, and what is shown to him.
struct MountIdentity {
    var principal: Principal
    var showing = ShownEntries.listed
    var passthrough = MountOptions.Passthrough.auto
}

/// Mounts a service's volumes once for each identity, runs `body` on a thread of its own (it blocks
/// in system calls that this process itself answers), and unmounts.
func withMounts(
    of service: any VolumeService, for identities: [MountIdentity],
    _ body: @escaping @Sendable ([Mounted]) async throws -> Void
) async throws {
    try await withMounts(of: service, for: identities[...], [], body)
}

private func withMounts(
    of service: any VolumeService, for identities: ArraySlice<MountIdentity>, _ mounted: [Mounted],
    _ body: @escaping @Sendable ([Mounted]) async throws -> Void
) async throws {
    guard let identity = identities.first else { return try await body(mounted) }
    let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("perigee-mount-\(UUID().uuidString)").path
    try DiskFile.makeFolder(path)
    defer {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    var options = MountOptions()
    options.drain = .seconds(2)
    options.showing = identity.showing
    options.passthrough = identity.passthrough
    let mount = try PerigeeMount(
        service: service, principal: identity.principal, mountPoint: path, layout: .everyVolume,
        options: options,
        logger: Logger(label: "mount", factory: { _ in SwiftLogNoOpLogHandler() }),
        onReady: { isReady.yield() })
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { isReady.finish() }
            try await mount.run()
        }
        var waiting = ready.makeAsyncIterator()
        guard await waiting.next() != nil else {
            try await group.waitForAll()
            throw PerigeeError(.conflict, "the mount ended before it was ready")
        }
        group.addTask {
            defer { mount.unmount() }
            try await withMounts(
                of: service, for: identities.dropFirst(),
                mounted + [Mounted(path: path, mount: mount)], body)
        }
        try await group.waitForAll()
    }
}

/// A call that fails, as its errno, else nil.
func refusal(_ body: () throws -> Void) throws -> Int32? {
    do {
        try body()
        return nil
    } catch let error as Errno {
        return error.value
    }
}

/// Waits for what the kernel is told from another thread, and says how long it took in seconds; nil
/// where it took more than `limit`.
func secondsUntil(_ limit: Double = 1, _ condition: () throws -> Bool) rethrows -> Double? {
    let start = monotonicNanoseconds()
    while true {
        let isTrue = try condition()
        let seconds = Double(monotonicNanoseconds() - start) * 1e-9
        if isTrue { return seconds }
        if seconds > limit { return nil }
        usleep(2_000)
    }
}
