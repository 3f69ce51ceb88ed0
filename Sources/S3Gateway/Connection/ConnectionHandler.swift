internal import NIOCore
internal import NIOHTTP1
internal import S3Protocol
internal import VolumeModel

/// One connection: takes requests one after the other, has them answered, sends the answers.
///
/// Everything here is on the connection's own event loop. A request is answered when its header is
/// there: nobody waits for a body that is going to be refused.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    /// Where the exchange stands.
    enum State {
        /// No request is under way.
        case idle
        /// An answer is being made or sent.
        case answering
        /// What still comes is thrown away; then the connection ends.
        case lingering
    }

    let gateway: Gateway
    let isSecure: Bool
    var state = State.idle
    /// Whether the body of the request under way has come to its end.
    var hasWholeBody = true
    /// Whether the answer under way is the connection's last one.
    var isEnding = false
    /// What sends a large answer, or opens a file for one.
    var transfer: Task<Void, Never>?
    private let asker = Asker()
    private var requests = 0
    private var peer: String?
    /// What came while an answer was under way.
    private var queue = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 4)
    private var wantsRead = false
    /// When the connection ends, unless something happens; looked at by a timer of its own, since
    /// setting a timer for each request would cost more than the rest.
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    /// Bytes of a body that were thrown away.
    private var discarded = 0

    /// Bytes of a refused body that are read before the connection ends, and for how long, so that
    /// the client sees the answer rather than a reset.
    private static let mostDiscarded = 1 << 20
    private static let lingering = Duration.seconds(2)

    init(_ gateway: Gateway, isSecure: Bool) {
        self.gateway = gateway
        self.isSecure = isSecure
    }

    func channelActive(context: ChannelHandlerContext) {
        peer = context.remoteAddress?.ipAddress
        limit(gateway.settings.limits.header, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Whoever has gone is not worked for.
        asker.leave()
        timer?.cancel()
        transfer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if queue.isEmpty, canTake(part) { take(part, context) } else { queue.append(part) }
    }

    /// Nothing more is read while there is something to do.
    func read(context: ChannelHandlerContext) {
        if queue.isEmpty { context.read() } else { wantsRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Where the client sends nothing more, its answer still goes out.
        let isOver = (event as? ChannelEvent) == .inputClosed
        if event is ShutdownEvent || isOver {
            isEnding = true
            if case .idle = state { context.close(promise: nil) }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, case .idle = state else {
            context.close(promise: nil)
            return
        }
        // What cannot be parsed has no path and no answer of its own.
        let failure = S3Failure(
            error == .headerOverflow ? .requestHeaderSectionTooLarge : .badRequest)
        let exchange = Exchange(
            id: RequestID.next(), method: "-", path: [], isHead: false, isOld: false,
            keepsAlive: false, peer: peer, began: .now())
        state = .answering
        isEnding = true
        hasWholeBody = true
        send(
            exchange,
            Responder.Outcome(answer: Answer(failure, resource: [], requestID: exchange.id)),
            context)
    }

    // MARK: Requests

    private func canTake(_ part: HTTPServerRequestPart) -> Bool {
        guard case .head = part else { return true }
        if case .idle = state { return true }
        return false
    }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head): take(head, context)
        case .body(let bytes):
            discarded += bytes.readableBytes
            if case .lingering = state, discarded > Self.mostDiscarded {
                context.close(promise: nil)
            }
        case .end:
            hasWholeBody = true
            if case .lingering = state { context.close(promise: nil) }
        }
    }

    private func take(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        requests += 1
        state = .answering
        discarded = 0
        let limit = gateway.settings.limits.requestsPerConnection
        if limit > 0, requests >= limit { isEnding = true }
        let hasBody =
            head.headers.contains(name: "transfer-encoding")
            || head.headers.first(name: "content-length").map { $0 != "0" } ?? false
        hasWholeBody = !hasBody
        // What answers has deadlines of its own where it waits for others; this is for our own disk.
        self.limit(gateway.settings.limits.write, context)
        let exchange = Exchange(
            id: RequestID.next(), method: head.method.rawValue, path: Array(head.uri.utf8),
            isHead: head.method == .HEAD, isOld: head.version == .http1_0,
            keepsAlive: head.isKeepAlive, peer: peer, began: .now())
        if let outcome = gateway.answerNow(exchange, head, hasBody: hasBody) {
            send(exchange, outcome, context)
            return
        }
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        gateway.answer(exchange, head, hasBody: hasBody, for: asker) { outcome in
            loop.eventLoop.execute {
                let (handler, context) = loop.value
                handler.send(exchange, outcome, context)
            }
        }
    }

    // MARK: After an answer

    /// Whether the connection ends with the answer to a request.
    func endsAfter(_ exchange: Exchange) -> Bool {
        isEnding || !exchange.keepsAlive || !hasWholeBody
    }

    /// What comes after an answer.
    ///
    /// - Parameter isWhole: whether the client got all of it.
    func finish(_ exchange: Exchange, isWhole: Bool, _ context: ChannelHandlerContext) {
        transfer = nil
        guard isWhole, context.channel.isActive else {
            context.close(promise: nil)
            return
        }
        guard endsAfter(exchange) else {
            state = .idle
            limit(gateway.settings.limits.idle, context)
            takeQueued(context)
            return
        }
        guard !hasWholeBody else {
            context.close(promise: nil)
            return
        }
        state = .lingering
        context.close(mode: .output, promise: nil)
        limit(Self.lingering, context)
        takeQueued(context)
    }

    private func takeQueued(_ context: ChannelHandlerContext) {
        while let part = queue.first {
            guard canTake(part) else { return }
            queue.removeFirst()
            take(part, context)
        }
        guard wantsRead else { return }
        wantsRead = false
        context.read()
    }

    // MARK: Deadlines

    /// Ends the connection, unless the deadline is set anew before.
    func limit(_ duration: Duration, _ context: ChannelHandlerContext) {
        deadline = .now() + TimeAmount(duration)
        if timer == nil { watch(context) }
    }

    /// Whoever sends a large answer sees to its deadlines.
    func leaveUnlimited() { deadline = .distantFuture }

    private func watch(_ context: ChannelHandlerContext) {
        // A deadline that comes closer is seen no later than this.
        let next = min(deadline, .now() + .seconds(1))
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: next) {
            let (handler, context) = loop.value
            if handler.deadline <= .now() {
                context.close(promise: nil)
            } else {
                handler.watch(context)
            }
        }
    }
}

/// Tells a connection that the gateway is going to stop.
struct ShutdownEvent {}

/// A request on its way, as it is logged.
struct Exchange: Sendable {
    let id: String
    let method: String
    /// The target as it was sent; its query is never logged.
    let path: [UInt8]
    /// The same without the query, which may hold a signature.
    var pathAlone: [UInt8] { Array(path.prefix { $0 != UInt8(ascii: "?") }) }
    let isHead: Bool
    /// Whether it is of HTTP/1.0, where connections end unless both sides say otherwise.
    let isOld: Bool
    let keepsAlive: Bool
    let peer: String?
    let began: NIODeadline
}
