internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import PrometheusMetrics
internal import S3Gateway
internal import ServiceLifecycle
internal import Synchronization
internal import VolumeModel

/// The listener that tells of the process: `/healthz`, `/readyz` and `/metrics`.
///
/// One request for a connection, with small bounds: it asks nobody who he is.
final class AdminServer: Service {
    private let group: any EventLoopGroup
    private let answers: AdminAnswers
    private let listener = Mutex<(any Channel)?>(nil)
    private let open = Atomic(0)

    /// Connections at a time; more are closed at once.
    private static let most = 64
    /// Bytes of a request's header section.
    private static let headerBytes = 8_192

    init(group: any EventLoopGroup, answers: AdminAnswers) {
        self.group = group
        self.answers = answers
    }

    /// Begins to listen.
    ///
    /// - Returns: where, with the port that was chosen.
    /// - Throws: `.busy`, `.invalidArgument`.
    func start(at address: GatewayServer.Address) async throws(PerigeeError) -> String {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in accept(channel) }
        let channel = try await address.bind(bootstrap)
        listener.withLock { $0 = channel }
        return address.text(of: channel)
    }

    /// Stays until the server is told to end, when all else has.
    func run() async throws {
        try? await gracefulShutdown()
        let channel = listener.withLock { $0 }
        try? await channel?.close().get()
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard open.add(1, ordering: .relaxed).newValue <= Self.most else {
            open.subtract(1, ordering: .relaxed)
            return channel.close()
        }
        channel.closeFuture.whenComplete { [self] _ in open.subtract(1, ordering: .relaxed) }
        return channel.eventLoop.makeCompletedFuture { [answers] in
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderListSize = Self.headerBytes
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: true,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(AdminHandler(answers))
        }
    }
}

/// What the admin listener answers.
struct AdminAnswers: Sendable {
    let readiness: Readiness
    let registry: PrometheusRegistry
    /// Of which one makes the text of the metrics.
    let threads: NIOThreadPool

    /// An answer.
    struct Answer: Sendable {
        var status: HTTPResponseStatus
        var type = "text/plain; charset=utf-8"
        var text: String
    }

    /// Answers a request.
    func answer(_ head: HTTPRequestHead, on loop: any EventLoop) -> EventLoopFuture<Answer> {
        let path = String(head.uri.prefix { $0 != "?" })
        guard ["/healthz", "/readyz", "/metrics"].contains(path) else {
            return loop.makeSucceededFuture(
                Answer(status: .notFound, text: "there is /healthz, /readyz and /metrics\n"))
        }
        guard head.method == .GET || head.method == .HEAD else {
            return loop.makeSucceededFuture(
                Answer(status: .methodNotAllowed, text: "only GET and HEAD are answered\n"))
        }
        switch path {
        case "/readyz":
            return readiness.fault(on: loop).map { fault in
                guard let fault else { return Answer(status: .ok, text: "ready\n") }
                return Answer(status: .serviceUnavailable, text: "\(fault)\n")
            }
        case "/metrics":
            return threads.runIfActive(eventLoop: loop) { [registry] in
                Answer(
                    status: .ok, type: PrometheusText.contentType, text: registry.text)
            }
        default: return loop.makeSucceededFuture(Answer(status: .ok, text: "alive\n"))
        }
    }
}
