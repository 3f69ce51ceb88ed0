internal import Glibc
package import Logging
internal import Metrics
package import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization
package import VolumeModel
internal import VolumeService

/// Listens, and gives each connection to a gateway.
package final class GatewayServer: Sendable {
    /// The certificate that a server shows, and what makes it anew.
    package struct TLS: Hashable, Sendable {
        /// The files with the chain of certificates and the private key, as PEM.
        package let certificates: String, key: String

        /// Names the files.
        package init(certificates: String, key: String) {
            self.certificates = certificates
            self.key = key
        }
    }

    private struct State {
        var listeners: [any Channel] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// With the certificate of new connections; nil: they are clear text.
        var context: NIOSSLContext?
        var isStopping = false
    }

    private let gateway: Gateway
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state = Mutex(State())
    private let connections = Gauge(label: MetricNames.s3Connections)
    private let refused = Counter(label: MetricNames.s3ConnectionsRefused)

    /// - Throws: `.invalidArgument` where the certificate cannot be used.
    package init(
        _ gateway: Gateway, group: any EventLoopGroup, tls: TLS?, logger: Logger
    ) throws(PerigeeError) {
        self.gateway = gateway
        self.group = group
        self.logger = logger
        if let tls { try use(tls) }
    }

    /// Shows the certificate of these files, read now, on connections from now on.
    ///
    /// - Throws: `.invalidArgument`; the old certificate stays.
    package func use(_ tls: TLS) throws(PerigeeError) {
        let (context, end) = try Self.context(tls)
        state.withLock { $0.context = context }
        Gauge(label: MetricNames.s3CertificateEnd).record(end)
        logger.info(
            "a certificate is in use",
            metadata: [
                "file": "\(Printable.escaped(Array(tls.certificates.utf8)))",
                "ends": "\(Timestamp(secondsSinceEpoch: Int64(end)).iso8601)",
            ])
    }

    /// A context with the certificate, and when that ends in seconds since 1970.
    private static func context(_ tls: TLS) throws(PerigeeError) -> (NIOSSLContext, Int) {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(tls.certificates)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            // Which is where a key of another certificate is found out.
            let context = try NIOSSLContext(configuration: configuration)
            return (context, chain.first.map { Int($0.notValidAfter) } ?? 0)
        } catch {
            throw PerigeeError(
                .invalidArgument,
                "the certificate \(Printable.quoted(tls.certificates)) with the key "
                    + "\(Printable.quoted(tls.key)) cannot be used",
                remedy: "give a chain of certificates and its key, both as PEM", cause: error)
        }
    }

    /// Begins to listen, at one more address.
    ///
    /// - Returns: where it listens, as `host:port`, with the port that was chosen.
    /// - Throws: `.busy` where somebody else listens there, `.invalidArgument`.
    package func start(at address: Address) async throws(PerigeeError) -> String {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read at a time and a small buffer: requests are small.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in accept(channel) }
        let channel = try await address.bind(bootstrap)
        state.withLock { $0.listeners.append(channel) }
        return address.text(of: channel)
    }

    /// Takes no new connections, lets the answers under way come to their end, and cuts off what is
    /// left after `patience`.
    ///
    /// - Returns: how many connections were cut off.
    @discardableResult
    package func stop(patience: Duration) async -> Int {
        let (listening, open) = state.withLock { state in
            state.isStopping = true
            defer { state.listeners = [] }
            return (state.listeners, Array(state.channels.values))
        }
        for channel in listening { try? await channel.close().get() }
        for channel in open {
            channel.pipeline.fireUserInboundEventTriggered(ShutdownEvent())
        }
        let loop = group.next()
        // Whichever comes first: a promise that is kept already is not kept again.
        let over = loop.makePromise(of: Void.self)
        let timer = loop.scheduleTask(in: TimeAmount(patience)) { over.succeed() }
        EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: loop).whenComplete { _ in
            over.succeed()
        }
        try? await over.futureResult.get()
        timer.cancel()
        let left = state.withLock { Array($0.channels.values) }
        for channel in left { try? await channel.close().get() }
        return left.count
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let limit = gateway.shape.settings.limits.connections
        let (isAdmitted, context) = state.withLock { state in
            guard !state.isStopping, state.channels.count < limit
            else { return (false, nil as NIOSSLContext?) }
            state.channels[ObjectIdentifier(channel)] = channel
            // Under the lock, or an older number could come last.
            connections.record(state.channels.count)
            return (true, state.context)
        }
        guard isAdmitted else {
            refused.increment()
            return channel.close()
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { state in
                state.channels[ObjectIdentifier(channel)] = nil
                connections.record(state.channels.count)
            }
        }
        let gateway = gateway
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
            try pipeline.addHandler(ConnectionHandler(gateway, isSecure: context != nil))
        }
    }
}
