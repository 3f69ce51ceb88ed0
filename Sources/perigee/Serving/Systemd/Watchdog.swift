internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// Tells the service manager again and again that the process is well, where it asks for that
/// (sd_watchdog_enabled(3)).
///
/// It is well as long as each event loop and one of the threads for the disk take a job: where one
/// hangs, nothing is told, and the manager does as its unit says.
struct Watchdog: Service {
    let notifier: ServiceNotifier
    let group: any EventLoopGroup
    let threads: NIOThreadPool
    /// Half of what the manager waits; nil: it does not ask.
    let interval: Duration?

    init(
        environment: [String: String], notifier: ServiceNotifier, group: any EventLoopGroup,
        threads: NIOThreadPool
    ) {
        self.notifier = notifier
        self.group = group
        self.threads = threads
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        interval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
            .flatMap { isOurs && $0 > 1 ? .microseconds($0 / 2) : nil }
    }

    /// Goes on until everything else has ended: answers under way may take longer than the manager
    /// waits.
    func run() async throws {
        guard let interval else {
            try? await gracefulShutdown()
            return
        }
        try? await cancelWhenGracefulShutdown {
            while true {
                for loop in group.makeIterator() { try await loop.submit {}.get() }
                try await threads.runIfActive {}
                notifier.alive()
                try await Task.sleep(for: interval)
            }
        }
    }
}
