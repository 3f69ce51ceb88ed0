internal import ControlStore
internal import Foundation
internal import Glibc
internal import Logging
internal import Metrics
internal import NIOCore
internal import NIOPosix
internal import PrometheusMetrics
internal import S3Gateway
internal import ServiceLifecycle
internal import UnixSignals
internal import VolumeModel
internal import VolumeService

/// A server from its start to its end.
struct Serving {
    let sources: ServeSources
    let configuration: ServeConfiguration
    let environment: [String: String]
    /// Where bytes of other machines are kept.
    let cache: CachePlace
    let options: StateOptions

    /// What runs jobs, and is shut down at the very end.
    private struct Workers {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        /// For the disk and the control store.
        let threads = NIOThreadPool(numberOfThreads: max(4, 2 * System.coreCount))
        /// For the admin listener, so that it answers while all others wait.
        let adminThreads = NIOThreadPool(numberOfThreads: 2)

        init() {
            threads.start()
            adminThreads.start()
        }

        func stop() async {
            try? await threads.shutdownGracefully()
            try? await adminThreads.shutdownGracefully()
            try? await loops.shutdownGracefully()
        }
    }

    /// Serves until a signal says that it is enough.
    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        // Until here a signal ends the process by itself.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        OpenFileLimit.raise()
        ProcessName.set("perigee")
        let registry = PrometheusRegistry(help: MetricNames.help)
        registry.collect { text in
            let name = MetricNames.buildInfo
            text.family(name, .gauge, help: MetricNames.help[name])
            text.sample(name, [PrometheusText.Label("version", perigeeVersion)], 1)
            ProcessMetrics.write(to: &text)
        }
        MetricsSystem.bootstrap(registry)
        let workers = Workers()
        let accessLog = AccessLogWriter()
        do {
            try await serve(signals, workers, accessLog, registry)
        } catch {
            await accessLog.stop(workers.loops)
            await workers.stop()
            throw error
        }
        await accessLog.stop(workers.loops)
        await workers.stop()
    }

    private func serve(
        _ signals: UnixSignalsSequence, _ workers: Workers, _ accessLog: AccessLogWriter,
        _ registry: PrometheusRegistry
    ) async throws {
        let log = ServeLog(configuration.logLevel, environment: environment)
        let logger = log.logger
        let inherited = try InheritedSockets(environment: environment)
        let nodeCache = try cache.cache(environment: environment, logger)
        let cacheMetrics = CacheMetrics(cache: nodeCache)
        registry.collect { cacheMetrics.write(to: &$0) }
        let service = try LocalVolumeService(
            state: try options.folder(), frontEnd: .s3, zone: configuration.zone,
            cache: nodeCache, logger: logger)
        defer { service.stop() }
        try accessLog.open(configuration.accessLog)
        let gateway = try Gateway(
            service, credentials: try options.credentials(), settings: configuration.gateway,
            threads: workers.threads, accessLog: accessLog.log(configuration.accessLog),
            logger: logger)
        let server = try GatewayServer(
            gateway, group: workers.loops, tls: configuration.tls, logger: logger)
        let readiness = Readiness(
            try options.store(), of: service, threads: workers.adminThreads)
        let admin = AdminServer(
            group: workers.loops,
            answers: AdminAnswers(
                readiness: readiness, registry: registry, threads: workers.adminThreads))

        let report = try await listen(server, admin, inherited, logger)
        let notifier = ServiceNotifier(environment: environment)
        let reload = ServeReload(
            sources: sources, running: configuration, gateway: gateway, server: server,
            accessLog: accessLog, log: log, notifier: notifier, status: report.status)
        let ending = ServeSignals(
            signals: signals, reload: reload, readiness: readiness, notifier: notifier,
            logger: logger)
        // They end from the last to the first, each when those behind it have ended.
        let services: [any Service] = [
            Watchdog(
                environment: environment, notifier: notifier, group: workers.loops,
                work: gateway.work),
            admin, GatewayDrain(server: server, reload: reload, logger: logger),
            CertificateWatch(reload: reload), reload,
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services, logger: logger))
        readiness.phase = .serving
        notifier.ready(report.status)
        report.show(options)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await ending.obey(group) }
            try await group.run()
            tasks.cancelAll()
        }
        await nodeCache.close()
        logger.notice("ended")
    }

    private func listen(
        _ server: GatewayServer, _ admin: AdminServer, _ inherited: InheritedSockets,
        _ logger: Logger
    ) async throws -> ServeReport {
        var report = ServeReport(isSecure: configuration.tls != nil)
        if let address = inherited.admin
            ?? configuration.adminListen.map(\.address)
        {
            let place = try await admin.start(at: address)
            report.admin = "http://\(place)"
            logger.notice("the admin listener is up", metadata: ["address": "\(place)"])
        }
        let addresses =
            inherited.s3.isEmpty
            ? configuration.listen.map(\.address) : inherited.s3
        for address in addresses {
            let place = try await server.start(at: address)
            report.add(place)
            logger.notice("the S3 listener is up", metadata: ["address": "\(place)"])
        }
        for warning in configuration.warnings(isInherited: !inherited.s3.isEmpty) {
            logger.warning("\(warning)")
        }
        return report
    }
}

/// Where a server listens, for whoever started it.
struct ServeReport: Encodable {
    /// URLs that S3 clients take for an endpoint.
    private(set) var s3: [String] = []
    var admin: String?
    private let isSecure: Bool

    init(isSecure: Bool) { self.isSecure = isSecure }

    private enum CodingKeys: String, CodingKey {
        case s3
        case admin
    }

    /// Adds a listener at `host:port`.
    mutating func add(_ place: String) { s3.append("\(isSecure ? "https" : "http")://\(place)") }

    /// One line.
    var status: String { "Serving S3 on \(s3.joined(separator: ", "))" }

    /// Writes it to standard output.
    func show(_ options: StateOptions) {
        if options.json { return Output.object(self) }
        options.say(status)
        if let admin { options.say("Health and metrics on \(admin)") }
    }
}
