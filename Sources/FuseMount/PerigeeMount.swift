package import AccessControl
internal import Dispatch
internal import FuseKernel
internal import Glibc
package import Logging
internal import ServiceLifecycle
internal import Synchronization
package import VolumeFileSystem
package import VolumeModel
package import VolumeService

/// One mount of volumes, served from `run` until it is unmounted or the process shuts down.
///
/// A process can hold many. Order of events: `init` resolves the layout, `run` mounts, `onReady` is
/// called, requests are served; `unmount`, a graceful shutdown, the cancellation of `run`, or an
/// unmount from outside end it.
package final class PerigeeMount: Service {
    /// The folder as it was given.
    package let mountPoint: String
    /// What is mounted.
    package let system: VolumeFileSystem
    private let options: MountOptions
    private let logger: Logger
    private let onReady: @Sendable () -> Void
    /// Ends when the mount is to end.
    private let ending: AsyncStream<Never>
    private let end: AsyncStream<Never>.Continuation

    /// Resolves the layout; nothing is mounted yet. Asks the catalogue, so it may block for a disk.
    ///
    /// - Parameter onReady: called once, when the mount answers.
    /// - Throws: `.notFound` and others, as `VolumeFileSystem`.
    package init(
        service: any VolumeService, principal: Principal, mountPoint: String, layout: MountLayout,
        options: MountOptions = MountOptions(), logger: Logger,
        onReady: @escaping @Sendable () -> Void = {}
    ) throws(PerigeeError) {
        self.mountPoint = mountPoint
        self.options = options
        self.logger = logger
        self.onReady = onReady
        system = try VolumeFileSystem(
            service: service, principal: principal, layout: layout, showing: options.showing,
            logger: logger)
        (ending, end) = AsyncStream.makeStream()
    }

    /// Begins to unmount; `run` returns when it is done.
    package func unmount() { end.finish() }

    /// Mounts and serves. To be called once.
    ///
    /// - Throws: `PerigeeError` where it cannot be mounted: `.notFound`, `.notADirectory`,
    ///   `.conflict`, `.busy` for the mount point, `.storageFailed` for what the system says.
    package func run() async throws {
        let handler = MountHandler(system: system, options: options, logger: logger)
        let session = try await blocking { [self] () throws(PerigeeError) in
            try mount(handler)
        }
        await withGracefulShutdownHandler {
            await serve(session, handler)
        } onGracefulShutdown: {
            self.unmount()
        }
    }

    private func serve(_ session: FuseSession, _ handler: MountHandler) async {
        await withDiscardingTaskGroup { group in
            let (epochs, epoch) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            group.addTask { await repeatEpochs(epochs, session) }
            group.addTask { [self] in await watch(handler) }
            group.addTask { [self] in
                for await _ in ending {}
                await end(session, handler)
            }
            let notifier = KernelNotifier(session: session, reads: handler.reads, epoch: epoch)
            await blocking { [self] in system.start { notifier.send($0) } }
            onReady()
            // Ends with the session, or when `run` is cancelled.
            for await work in handler.work {
                group.addTask { await work.run() }
            }
            unmount()
            if Task.isCancelled { await end(session, handler) }
            group.cancelAll()
        }
    }

    /// Unmounts, waits for what is open, and lets go of everything.
    private func end(_ session: FuseSession, _ handler: MountHandler) async {
        let options = options
        let outcome = await blocking {
            session.unmount(drain: options.drain, grace: options.grace)
        }
        if outcome == .stuck {
            logger.error(
                "The mount did not end in time", metadata: ["mountPoint": "\(mountPoint)"])
        }
        handler.end()
    }

    /// Answers what waits beyond its deadline, and tries again what failed before.
    private func watch(_ handler: MountHandler) async {
        let tick = min(options.deadline / 4, .seconds(1))
        let retry = RefreshRetry(system)
        while (try? await Task.sleep(for: tick, tolerance: tick / 4)) != nil {
            let late = handler.pending.expire(.now)
            if late > 0 {
                logger.warning(
                    "Requests took too long",
                    metadata: [
                        "mountPoint": "\(mountPoint)", "count": "\(late)",
                        "deadline": "\(options.deadline)",
                    ])
            }
            retry.begin()
        }
    }

    private func mount(_ handler: MountHandler) throws(PerigeeError) -> FuseSession {
        if options.allowOther { try FuseConfiguration.checkAllowOther() }
        let path = try MountPoint.prepare(mountPoint)
        var fuse = FuseMountOptions()
        fuse.allowOther = options.allowOther
        // A first `find -size` over 100,000 names takes 0.6 s so, and 5 s where the kernel chooses
        // plain listings and then looks each name up.
        fuse.alwaysReaddirplus = true
        // The kernel's own 128 KiB make eight requests of each MiB: 512 halve the time of a first
        // sequential read through the daemon, and do not slow four readers down.
        if geteuid() == 0 { fuse.readAheadKiB = 512 }
        fuse.passthrough = options.passthrough != .off
        do {
            let session = try FuseSession(
                mountPoint: path, options: fuse, threads: options.threads, handler: handler,
                logger: logger)
            handler.attach(session)
            let capabilities = try session.mount()
            if options.passthrough == .on, !capabilities.passthrough {
                session.unmount()
                throw PerigeeError(
                    .conflict, "the kernel cannot read files by itself here",
                    remedy: "mount as root on Linux 6.9 or newer, or without --passthrough on",
                    cause: capabilities.passthroughError.map { SystemError($0) })
            }
            try session.start()
            logger.info(
                "Serving volumes",
                metadata: [
                    "mountPoint": "\(path)",
                    "reads": capabilities.passthrough && options.passthrough != .off
                        ? "passthrough" : "daemon",
                    "names": capabilities.hasEpoch ? "kept until revoked" : "kept for a second",
                ])
            return session
        } catch let error as PerigeeError {
            handler.end()
            throw error
        } catch {
            handler.end()
            throw PerigeeError(
                .storageFailed, "cannot mount on \(Printable.quoted(mountPoint))",
                remedy: "the words of libfuse and fusermount3 have the reason; a mount in the "
                    + "background logs them to log/mount.log in the state folder",
                cause: error)
        }
    }
}

/// Names that were being read while a change came may be kept as if they were newer: all are asked
/// for again once those requests have been answered.
private func repeatEpochs(_ epochs: AsyncStream<Void>, _ session: FuseSession) async {
    for await _ in epochs {
        guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { return }
        session.incrementEpoch()
    }
}

/// Runs what blocks its thread off the cooperative pool.
func blocking<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result = await withCheckedContinuation { continuation in
        DispatchQueue(label: "perigee.mount").async {
            continuation.resume(returning: Result { () throws(Failure) in try body() })
        }
    }
    return try result.get()
}
