internal import Glibc
internal import NIOCore
internal import S3Gateway
internal import ServiceLifecycle

/// Tells the service manager again and again that the process is well, where it asks for that
/// (sd_watchdog_enabled(3)).
///
/// It is well as long as each event loop takes a job, and the threads for the disk end some where
/// they have any: where they hang, nothing is told, and the manager does as its unit says. A long
/// queue is no reason.
struct Watchdog: Service {
    let notifier: ServiceNotifier
    let group: any EventLoopGroup
    let work: WorkCount
    /// Half of what the manager waits; nil: it does not ask.
    let interval: Duration?

    init(
        environment: [String: String], notifier: ServiceNotifier, group: any EventLoopGroup,
        work: WorkCount
    ) {
        self.notifier = notifier
        self.group = group
        self.work = work
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
            var done = -1
            while true {
                for loop in group.makeIterator() { try await loop.submit {}.get() }
                if !work.isBusy || work.done != done { notifier.alive() }
                done = work.done
                try await Task.sleep(for: interval)
            }
        }
    }
}
