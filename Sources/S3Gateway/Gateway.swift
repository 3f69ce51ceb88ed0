internal import AccessControl
internal import Crypto
package import Identity
package import Logging
internal import NIOCore
package import NIOPosix
internal import S3Protocol
internal import Synchronization
package import VolumeModel
package import VolumeService

/// An S3 gateway on one service: what all of its connections share.
package final class Gateway: Sendable {
    /// The shape that holds now, apart so that the service's observer can have it without the
    /// gateway.
    private final class Current: Sendable {
        private let shape: Mutex<GatewayShape>

        init(_ shape: GatewayShape) { self.shape = Mutex(shape) }

        var value: GatewayShape {
            get { shape.withLock(\.self) }
            set { shape.withLock { $0 = newValue } }
        }
    }

    let service: any VolumeService
    let threads: NIOThreadPool
    let logger: Logger
    /// Nil where somebody else tells who sends requests.
    private let credentials: Credentials?
    private let tokenKey: SymmetricKey
    private let current: Current
    private let metrics = GatewayMetrics()
    /// What the threads have to do.
    package let work = WorkCount()
    private let observation: Observation
    private let clock: @Sendable () -> Timestamp
    private let dateLine = Mutex<(second: Int64, text: String)>((.min, ""))

    /// - Parameters:
    ///   - authenticator: tells who sends a request.
    ///   - credentials: what seals tokens; nil: a key of this process.
    ///   - threads: jobs that may wait for the disk; running.
    ///   - accessLog: where a line for each request goes.
    /// - Throws: where the key file cannot be read.
    package init(
        _ service: any VolumeService, authenticator: any RequestAuthenticator,
        credentials: Credentials? = nil, settings: GatewaySettings, threads: NIOThreadPool,
        accessLog: AccessLog, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) throws(PerigeeError) {
        self.service = service
        self.credentials = credentials
        self.threads = threads
        self.logger = logger
        self.clock = clock
        // Without a key file there are no keys, and nobody but `anyone` to make tokens for.
        tokenKey =
            try credentials?.sealingKey(for: "s3-continuation-token.1")
            ?? SymmetricKey(size: .bits256)
        let responder = Responder(
            service: service, authenticator: authenticator, settings: settings,
            tokenKey: tokenKey, pacer: Pacer(settings.limits), logger: logger)
        let current = Current(GatewayShape(settings, responder: responder, accessLog: accessLog))
        self.current = current
        observation = service.observe { change in
            if case .volumes = change { current.value.responder.authenticator.forget() }
        }
    }

    /// A gateway that takes requests signed with the keys of a state.
    ///
    /// - Parameters:
    ///   - credentials: the keys, and what seals tokens.
    ///   - threads: jobs that may wait for the disk; running.
    ///   - accessLog: where a line for each request goes.
    /// - Throws: where the key file cannot be read.
    package convenience init(
        _ service: any VolumeService, credentials: Credentials, settings: GatewaySettings,
        threads: NIOThreadPool, accessLog: AccessLog, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) throws(PerigeeError) {
        try self.init(
            service, authenticator: Authenticator(credentials, region: settings.region),
            credentials: credentials, settings: settings, threads: threads, accessLog: accessLog,
            logger: logger, clock: clock)
    }

    /// Answers by other settings from the next request on; those under way end as they began.
    ///
    /// What is remembered of keys and of who has asked how much stays where its settings do.
    package func use(_ settings: GatewaySettings, accessLog: AccessLog) {
        let old = current.value
        var authenticator = old.responder.authenticator
        if let credentials, settings.region != old.settings.region {
            authenticator = Authenticator(credentials, region: settings.region)
        }
        let limits = (old.settings.limits, settings.limits)
        let isPacedAlike =
            limits.0.requestsPerSecond == limits.1.requestsPerSecond
            && limits.0.bytesPerSecond == limits.1.bytesPerSecond
        current.value = GatewayShape(
            settings,
            responder: Responder(
                service: service, authenticator: authenticator, settings: settings,
                tokenKey: tokenKey,
                pacer: isPacedAlike ? old.responder.pacer : Pacer(settings.limits),
                logger: logger),
            accessLog: accessLog)
    }

    /// What requests are answered by now.
    var shape: GatewayShape { current.value }

    /// Has a request answered by one of the threads, and gives `done` what it is answered with, on
    /// any thread.
    func answer(
        _ exchange: Exchange, _ head: RequestHead, _ shape: GatewayShape, for asker: Asker,
        done: @escaping @Sendable (Responder.Outcome) -> Void
    ) {
        work.begin()
        let done: @Sendable (Responder.Outcome) -> Void = { [work] outcome in
            work.end()
            var outcome = outcome
            outcome.shape = shape
            done(outcome)
        }
        threads.submit { [self] state in
            // Whoever has gone is not worked for, and his answer is one that was cut off.
            guard !asker.hasLeft else { return done(Responder.Outcome(answer: Answer(200))) }
            guard state == .active else {
                done(Responder.Outcome(answer: refusal(.serviceUnavailable, exchange)))
                return
            }
            do throws(S3Failure) {
                done(shape.responder.answer(try Self.question(exchange, head), at: clock()))
            } catch {
                done(
                    Responder.Outcome(
                        answer: Answer(
                            error, resource: exchange.pathAlone, requestID: exchange.id)))
            }
        }
    }

    /// What a request is answered with where that takes no waiting, on an event loop; nil where it
    /// may.
    func answerNow(
        _ exchange: Exchange, _ head: RequestHead, _ shape: GatewayShape
    ) -> Responder.Outcome? {
        guard let question = try? Self.question(exchange, head) else { return nil }
        var outcome = shape.responder.answerNow(question, at: clock())
        outcome?.shape = shape
        return outcome
    }

    private static func question(
        _ exchange: Exchange, _ head: RequestHead
    ) throws(S3Failure) -> Responder.Question {
        Responder.Question(
            request: S3Request(
                method: exchange.method, target: try RequestTarget(parsing: exchange.path),
                header: head.header),
            hasBody: head.body != .nothing, id: exchange.id)
    }

    private func refusal(_ code: S3ErrorCode, _ exchange: Exchange) -> Answer {
        Answer(S3Failure(code), resource: exchange.pathAlone, requestID: exchange.id)
    }

    /// What slows down the bytes of a principal; nil: nothing does.
    func pace(_ outcome: Responder.Outcome) -> (@Sendable (Int) async -> Void)? {
        guard let pacer = outcome.shape?.responder.pacer, pacer.limitsBytes,
            let principal = outcome.principal
        else { return nil }
        return { count in await pacer.wait(for: count, of: principal) }
    }

    /// Tells why an answer was cut off.
    func logCut(_ exchange: Exchange, _ reason: any Error) {
        logger.warning(
            "an answer was cut off",
            metadata: ["request": "\(exchange.id)", "reason": "\(reason)"])
    }

    /// Counts and logs an exchange that is over.
    func done(_ exchange: Exchange, _ outcome: Responder.Outcome, sent: Int, isWhole: Bool) {
        let shape = outcome.shape ?? current.value
        if case .bytes = outcome.answer.body, let principal = outcome.principal {
            // What is streamed has paid as it went.
            shape.responder.pacer.spend(sent, of: principal)
        }
        let duration = Duration.nanoseconds((NIODeadline.now() - exchange.began).nanoseconds)
        metrics.record(
            outcome.operation, status: outcome.answer.status, bytes: sent,
            duration: duration, isWhole: isWhole)
        shape.accessLog.write(
            AccessLog.Line(
                time: clock(), request: exchange.id, peer: exchange.peer ?? "-",
                principal: outcome.principal, method: exchange.method,
                path: exchange.pathAlone,
                operation: outcome.operation, status: outcome.answer.status,
                error: outcome.answer.error, bytes: sent, duration: duration,
                isWhole: isWhole))
    }

    /// The `Date` of an answer, made once a second.
    func date() -> String {
        let now = clock()
        let second = now.nanoseconds / 1_000_000_000
        return dateLine.withLock { line in
            if line.second != second { line = (second, CalendarText.http(now)) }
            return line.text
        }
    }
}
