internal import Glibc
internal import Logging
internal import S3Gateway
internal import ServiceLifecycle
internal import UnixSignals

/// What signals do to a server.
struct ServeSignals: Sendable {
    let signals: UnixSignalsSequence
    let reload: ServeReload
    let readiness: Readiness
    let notifier: ServiceNotifier
    let logger: Logger

    /// Does as signals say, until the task is cancelled.
    func obey(_ group: ServiceGroup) async {
        var isEnding = false
        for await signal in signals {
            guard signal != .sighup else {
                reload.request()
                continue
            }
            if isEnding {
                logger.warning("told twice to end: answers under way are cut off")
                _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
            }
            isEnding = true
            logger.notice("told to end: answers under way come to their end")
            readiness.phase = .draining
            notifier.stopping()
            await group.triggerGracefulShutdown()
        }
    }
}

/// Has the gateway's listener come to its end.
struct GatewayDrain: Service {
    let server: GatewayServer
    let reload: ServeReload
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        let cut = await server.stop(patience: reload.configuration.shutdown)
        if cut > 0 {
            logger.warning(
                "answers were cut off: they took longer than a server that ends may take",
                metadata: ["connections": "\(cut)"])
        }
    }
}
