internal import NIOCore
internal import NIOHTTP1

/// One connection of the admin listener: one request, one answer, and the end.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answers: AdminAnswers
    private var timer: Scheduled<Void>?
    private var hasRequest = false

    /// How long all of it may take.
    private static let deadline = TimeAmount.seconds(10)

    init(_ answers: AdminAnswers) { self.answers = answers }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.deadline) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), !hasRequest else { return }
        hasRequest = true
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        answers.answer(head, on: context.eventLoop).whenComplete { result in
            let (handler, context) = loop.value
            handler.send(
                (try? result.get())
                    ?? AdminAnswers.Answer(status: .serviceUnavailable, text: "ending\n"),
                isHead: head.method == .HEAD, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func send(
        _ answer: AdminAnswers.Answer, isHead: Bool, _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        let body = ByteBuffer(string: answer.text)
        var fields: HTTPHeaders = [
            "content-type": answer.type, "content-length": "\(body.readableBytes)",
            "connection": "close", "cache-control": "no-store",
        ]
        if answer.status == .methodNotAllowed { fields.add(name: "allow", value: "GET, HEAD") }
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
