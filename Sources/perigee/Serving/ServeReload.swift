internal import Dispatch
internal import Logging
internal import Metrics
internal import S3Gateway
internal import ServiceLifecycle
internal import Synchronization
internal import VolumeModel
internal import VolumeService
internal import YAMLFiles

/// Takes over what has changed in the configuration and the certificate while the server runs.
final class ServeReload: Service {
    private struct State {
        /// What holds now.
        var running: ServeConfiguration
        /// The certificate's files as they were when they were last read, for better or worse.
        var certificate: CertificateStamp?
    }

    private let sources: ServeSources
    private let gateway: Gateway
    private let server: GatewayServer
    private let accessLog: AccessLogWriter
    private let log: ServeLog
    private let logger: Logger
    private let notifier: ServiceNotifier
    /// Where files are read, one after the other. Nobody waits for it at the end: what hangs on a
    /// disk or a pipe ends with the process.
    private let queue = DispatchQueue(label: "perigee.reload")
    private let status: String
    private let state: Mutex<State>
    private let requests: AsyncStream<Void>
    private let requesting: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - running: what the gateway was made with.
    ///   - status: what the service manager is told again after each time.
    init(
        sources: ServeSources, running: ServeConfiguration, gateway: Gateway,
        server: GatewayServer, accessLog: AccessLogWriter, log: ServeLog,
        notifier: ServiceNotifier, status: String
    ) {
        self.sources = sources
        self.gateway = gateway
        self.server = server
        self.accessLog = accessLog
        self.log = log
        logger = log.logger
        self.notifier = notifier
        self.status = status
        state = Mutex(
            State(running: running, certificate: running.tls.map { CertificateStamp($0) }))
        // However often it is asked for while one is under way, one more is enough.
        (requests, requesting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What holds now.
    var configuration: ServeConfiguration { state.withLock(\.running) }

    /// Asks for the configuration to be read again.
    func request() { requesting.yield() }

    func run() async throws {
        for await _ in requests.cancelOnGracefulShutdown() {
            notifier.reloading()
            let (over, ending) = AsyncStream.makeStream(of: Void.self)
            queue.async { [self] in
                reload()
                ending.finish()
            }
            for await _ in over.cancelOnGracefulShutdown() {}
            notifier.ready(status)
        }
    }

    /// Reads everything again; what is wrong leaves it as it was, and is logged. Blocks.
    private func reload() {
        var new: ServeConfiguration
        do throws(PerigeeError) {
            new = try sources.read(isFirst: false)
        } catch {
            tell("the configuration stays as it was", error)
            count("refused")
            return
        }
        let old = configuration
        for key in new.fixed(unlike: old) {
            logger.warning("a setting has changed and needs a restart", metadata: ["key": "\(key)"])
        }
        new.keepFixed(of: old)
        do throws(PerigeeError) {
            try accessLog.open(new.accessLog)
        } catch {
            tell("the access log stays as it was", error)
            new.accessLog = old.accessLog
        }
        log.level = new.logLevel
        gateway.use(new.gateway, accessLog: accessLog.log(new.accessLog))
        let running = new
        state.withLock { $0.running = running }
        readCertificate()
        logger.notice("the configuration was read again")
        count("applied")
    }

    /// Reads the certificate again where its files have changed.
    func checkCertificate() {
        guard let tls = configuration.tls else { return }
        queue.async { [self] in
            let stamp = CertificateStamp(tls)
            if state.withLock({ $0.certificate != stamp }) { readCertificate() }
        }
    }

    private func readCertificate() {
        guard let tls = configuration.tls else { return }
        // Before they are read: what changes meanwhile is found the next time.
        let stamp = CertificateStamp(tls)
        state.withLock { $0.certificate = stamp }
        do throws(PerigeeError) {
            try server.use(tls)
        } catch {
            tell("the certificate stays as it was", error)
        }
    }

    private func tell(_ message: Logger.Message, _ error: PerigeeError) {
        guard let faults = error.cause as? FileFaults else {
            logger.error(message, metadata: ["error": "\(error)"])
            return
        }
        for fault in faults.first {
            logger.error(
                message, metadata: ["at": "\(fault.place)", "error": "\(fault.message)"])
        }
    }

    private func count(_ result: String) {
        Counter(label: MetricNames.reloads, dimensions: [("result", result)]).increment()
    }
}

extension ServeConfiguration {
    /// Takes over from `other` what cannot change while a server runs.
    mutating func keepFixed(of other: ServeConfiguration) {
        listen = other.listen
        adminListen = other.adminListen
        guard (tls == nil) != (other.tls == nil) else { return }
        certificate = other.certificate
        certificateKey = other.certificateKey
    }
}
