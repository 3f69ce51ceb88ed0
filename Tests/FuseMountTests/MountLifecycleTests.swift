import AccessControl
import Foundation
import FuseKernel
import FuseMount
import Logging
import PerigeeTesting
import ServiceLifecycle
import Synchronization
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

@Suite(
    "The life of a mount", .serialized, .needsMounts(),
    .timeLimit(.minutes(1)))
struct MountLifecycleTests {
    @Test func badMountPointsAreRefusedWithAReason() async throws {
        try await withFakeService { service in
            let folder = service.folder
            @Sendable func code(_ path: String) -> PerigeeError.Code? {
                do throws(PerigeeError) {
                    _ = try MountPoint.prepare(path)
                    return nil
                } catch {
                    return error.code
                }
            }
            #expect(code("\(folder)/missing") == .notFound)
            try Data().write(to: URL(fileURLWithPath: "\(folder)/file"))
            #expect(code("\(folder)/file") == .notADirectory)
            #expect(code(folder) == .conflict)
            mkdir("\(folder)/empty", 0o755)
            #expect(code("\(folder)/empty") == nil)
            #expect(code("\(folder)/empty/") == nil)
            try service.publish("hst", ["x": .text("1")])
            try await withMount(service) { mounted throws in
                #expect(code(mounted.path) == .busy)
                #expect(code(mounted.at("hst")) == .conflict)
            }
        }
    }

    @Test func aDeadMountIsDetachedByTheNext() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            let path = "\(service.folder)-dead"
            mkdir(path, 0o755)
            defer {
                umount2(path, Int32(MNT_DETACH))
                rmdir(path)
            }
            try await offPool { () throws in
                let session = try FuseSession(
                    mountPoint: path, handler: Deaf(), logger: Logger(label: "dead"))
                try session.mount()
                try session.start()
                #expect(session.abort())
                #expect(session.waitUntilFinished(timeout: .seconds(5)))
                #expect(access(path, F_OK) == -1 && errno == ENOTCONN)
                #expect(try MountPoint.prepare(path) == path)
                #expect(access(path, F_OK) == 0)
            }
        }
    }

    @Test func anUnmountFromOutsideEndsTheRun() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            try await withMount(service) { mounted throws in
                #expect(umount2(mounted.path, 0) == 0)
            }
            #expect(service.state.withLock { $0.observers.isEmpty })
        }
    }

    @Test func openFilesDrainAfterALazyUnmount() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .bytes(pattern(300_000))])
            let file = try await withMount(service, .everyVolume, Way.daemon.options) {
                mounted throws in
                let file = open(mounted.at("hst/x"), O_RDONLY)
                umount2(mounted.path, Int32(MNT_DETACH))
                #expect(access(mounted.at("hst"), F_OK) == -1)
                #expect(try readAll(file) == pattern(300_000))
                close(file)
                return file
            }
            #expect(file >= 0)
            #expect(service.state.withLock { $0.opened == $0.closed })
        }
    }

    @Test func aHeldFileIsCutOffAfterTheDrainTime() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .bytes(pattern(3_000_000))])
            var options = Way.daemon.options
            options.drain = .milliseconds(300)
            let file = try await withMount(service, .everyVolume, options) { mounted throws in
                open(mounted.at("hst/x"), O_RDONLY)
            }
            defer { close(file) }
            try await offPool { () throws in
                var byte: UInt8 = 0
                #expect(pread(file, &byte, 1, 2_900_000) == -1)
            }
            #expect(service.state.withLock { $0.opened == $0.closed })
        }
    }

    @Test func twoMountsOfOneServiceRunInOneGroup() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            let paths = ["\(service.folder)-a", "\(service.folder)-b"]
            for path in paths { mkdir(path, 0o755) }
            defer {
                for path in paths {
                    umount2(path, Int32(MNT_DETACH))
                    rmdir(path)
                }
            }
            let (ready, isReady) = AsyncStream<Void>.makeStream()
            var logger = Logger(label: "group")
            logger.logLevel = .warning
            let mounts = try paths.map {
                try PerigeeMount(
                    service: service, principal: .anyone, mountPoint: $0, layout: .everyVolume,
                    logger: logger, onReady: { isReady.yield() })
            }
            let group = ServiceGroup(services: mounts, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                var waiting = ready.makeAsyncIterator()
                await waiting.next()
                await waiting.next()
                try await offPool { () throws in
                    for path in paths { #expect(try text("\(path)/hst/x") == "1") }
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(try FuseMountTable.entries().allSatisfy { !paths.contains($0.mountPoint) })
        }
    }

    @Test func cancellationUnmounts() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            let path = "\(service.folder)-cancelled"
            mkdir(path, 0o755)
            defer {
                umount2(path, Int32(MNT_DETACH))
                rmdir(path)
            }
            let (ready, isReady) = AsyncStream<Void>.makeStream()
            var logger = Logger(label: "cancelled")
            logger.logLevel = .warning
            let mount = try PerigeeMount(
                service: service, principal: .anyone, mountPoint: path, layout: .everyVolume,
                logger: logger, onReady: { isReady.yield() })
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await mount.run() }
                var waiting = ready.makeAsyncIterator()
                await waiting.next()
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
            #expect(try FuseMountTable.topmost(at: path) == nil)
        }
    }
}

/// Answers nothing.
private final class Deaf: FuseHandler {
    func handle(_ request: borrowing FuseRequest, _ reply: FuseReply) { reply.error(EIO) }
    func interrupted(unique: UInt64) {}
    func ready(_ capabilities: FuseCapabilities) {}
    func destroyed() {}
}
