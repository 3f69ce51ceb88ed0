internal import NIOCore
internal import S3Protocol
internal import VolumeModel

/// One connection: takes requests one after the other, has them answered, sends the answers.
///
/// Everything here is on the connection's own event loop. A request is answered when its header is
/// there: nobody waits for a body that is going to be refused.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
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
    /// What of the body of the request under way has not come yet.
    private var body = RequestHead.Body.nothing
    /// Settings of the request under way, or of the last one.
    private(set) var shape: GatewayShape
    /// Whether the client sends nothing more: what has come is answered all the same.
    private var hasAll = false
    /// Whether the answer under way is the connection's last one.
    var isEnding = false
    /// What sends a large answer, or opens a file for one.
    var transfer: Task<Void, Never>?
    private let asker = Asker()
    private var requests = 0
    private var peer: String?
    /// What has come and was not looked at.
    private var reader = RequestReader()
    private var wantsRead = false
    private var isGoing = false
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
        shape = gateway.shape
    }

    func channelActive(context: ChannelHandlerContext) {
        peer = context.remoteAddress?.ipAddress
        limit(shape.settings.limits.header, context)
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
        reader.append(unwrapInboundIn(data))
        go(on: context)
    }

    /// Nothing more is read while there is something to do.
    func read(context: ChannelHandlerContext) {
        if case .answering = state, !reader.isEmpty { wantsRead = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Where the client sends nothing more, its answer still goes out.
        let isOver = (event as? ChannelEvent) == .inputClosed
        if isOver { hasAll = true }
        if event is ShutdownEvent { isEnding = true }
        if event is ShutdownEvent || isOver {
            if case .idle = state { endIdle(context) }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Ends a connection on which nothing is under way; what is left of it is no request any more.
    private func endIdle(_ context: ChannelHandlerContext) {
        if hasAll, !isEnding, !reader.isEmpty {
            refuse(.badRequest, context)
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: Requests

    /// Takes what has come, as far as it can be taken now.
    ///
    /// An answer that is sent at once ends up here again, which must not go deeper with each of many
    /// requests that came together.
    private func go(on context: ChannelHandlerContext) {
        if isGoing { return }
        isGoing = true
        defer { isGoing = false }
        if body != .nothing { skipBody(context) }
        search: while case .idle = state, body == .nothing, !reader.isEmpty {
            switch reader.next(limit: shape.settings.limits.headerBytes) {
            case .nothing: break search
            case .head(let head): take(head, context)
            case .fault(let code): refuse(code, context)
            }
        }
        if hasAll, case .idle = state { endIdle(context) }
    }

    /// Throws away what has come of a body.
    private func skipBody(_ context: ChannelHandlerContext) {
        if case .counted(let left) = body {
            let count = reader.drop(left)
            discarded += count
            body = count == left ? .nothing : .counted(left - count)
        } else if case .lingering = state {
            discarded += reader.drop(.max)
        }
        guard case .lingering = state else { return }
        if body == .nothing || discarded > Self.mostDiscarded { context.close(promise: nil) }
    }

    /// Answers what is no request, and has no path and no answer of its own.
    private func refuse(_ code: S3ErrorCode, _ context: ChannelHandlerContext) {
        let exchange = Exchange(
            id: RequestID.next(), method: "-", path: [], isHead: false, isOld: false,
            keepsAlive: false, peer: peer, began: .now())
        state = .answering
        isEnding = true
        limit(shape.settings.limits.write, context)
        let answer = Answer(S3Failure(code), resource: [], requestID: exchange.id)
        send(exchange, Responder.Outcome(answer: answer), context)
    }

    private func take(_ head: RequestHead, _ context: ChannelHandlerContext) {
        requests += 1
        state = .answering
        discarded = 0
        shape = gateway.shape
        let limits = shape.settings.limits
        if limits.requestsPerConnection > 0, requests >= limits.requestsPerConnection {
            isEnding = true
        }
        body = head.body
        // A small body may be there already.
        if body != .nothing { skipBody(context) }
        // What answers has deadlines of its own where it waits for others; this is for our own disk.
        limit(limits.write, context)
        let exchange = Exchange(
            id: RequestID.next(), method: head.method, path: head.targetBytes,
            isHead: head.method == "HEAD", isOld: head.isOld,
            keepsAlive: head.keepsAlive, peer: peer, began: .now())
        if let outcome = gateway.answerNow(exchange, head, shape) {
            send(exchange, outcome, context)
            return
        }
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        gateway.answer(exchange, head, shape, for: asker) { outcome in
            loop.eventLoop.execute {
                let (handler, context) = loop.value
                handler.send(exchange, outcome, context)
            }
        }
    }

    // MARK: After an answer

    /// Whether the connection ends with the answer to a request.
    func endsAfter(_ exchange: Exchange) -> Bool {
        isEnding || !exchange.keepsAlive || body != .nothing
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
            limit(shape.settings.limits.idle, context)
            goOn(context)
            return
        }
        guard body != .nothing else {
            context.close(promise: nil)
            return
        }
        state = .lingering
        context.close(mode: .output, promise: nil)
        limit(Self.lingering, context)
        goOn(context)
    }

    private func goOn(_ context: ChannelHandlerContext) {
        go(on: context)
        guard wantsRead else { return }
        wantsRead = false
        read(context: context)
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
    let id: RequestID
    let method: String
    /// The target as it was sent; its query is never logged.
    let path: ArraySlice<UInt8>
    /// The same without the query, which may hold a signature.
    var pathAlone: ArraySlice<UInt8> { path.prefix { $0 != UInt8(ascii: "?") } }
    let isHead: Bool
    /// Whether it is of HTTP/1.0, where connections end unless both sides say otherwise.
    let isOld: Bool
    let keepsAlive: Bool
    let peer: String?
    let began: NIODeadline
}
