import AccessControl
import Logging
import NIOCore
import NIOPosix
import S3Gateway
import S3Protocol
import Synchronization
import VolumeModel
import VolumeService

/// A gateway that listens on loopback and takes a principal's word for who he is.
final class TestGateway: Sendable {
    let port: Int
    private let server: GatewayServer
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    /// Who sends requests from now on.
    let principal: Who
    /// Lines of the access log.
    let log: Lines

    final class Who: RequestAuthenticator {
        private let value = Mutex(Principal.anyone)
        var now: Principal {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }

        func principal(of request: S3Request, hasBody: Bool, at now: Timestamp) -> Principal {
            self.now
        }
        func principalNow(of request: S3Request, at now: Timestamp) -> Principal? { self.now }
        func forget() {}
    }

    final class Lines: Sendable {
        private let value = Mutex<[String]>([])
        func add(_ line: [UInt8]) {
            value.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        var all: [String] { value.withLock { $0 } }
    }

    init(
        _ service: any VolumeService, settings: GatewaySettings = GatewaySettings(),
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let principal = Who()
        let log = Lines()
        let gateway = try Gateway(
            service, authenticator: principal, settings: settings,
            threads: threads, accessLog: AccessLog { log.add($0) }, logger: logger, clock: clock)
        server = try GatewayServer(gateway, group: group, tls: nil, logger: logger)
        let place = try await server.start(at: .host("127.0.0.1", port: 0))
        port = place.split(separator: ":").last.flatMap { Int($0) } ?? 0
        self.principal = principal
        self.log = log
    }

    func stop() async throws {
        await server.stop(patience: .seconds(5))
        try await group.shutdownGracefully()
        try await threads.shutdownGracefully()
    }
}

/// Runs `body` with a gateway, and ends it.
func withGateway(
    _ service: any VolumeService, settings: GatewaySettings = GatewaySettings(),
    clock: @escaping @Sendable () -> Timestamp = { .now },
    _ body: (TestGateway) async throws -> Void
) async throws {
    let gateway = try await TestGateway(service, settings: settings, clock: clock)
    let result: Result<Void, any Error>
    do { result = .success(try await body(gateway)) } catch { result = .failure(error) }
    try await gateway.stop()
    try result.get()
}
