internal import Logging
internal import NIOCore
internal import S3Protocol
internal import VolumeModel
internal import VolumeService

extension ConnectionHandler {
    /// Sends an answer.
    func send(
        _ exchange: Exchange, _ outcome: Responder.Outcome, _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else {
            outcome.answer.discard()
            gateway.done(exchange, outcome, sent: 0, isWhole: false)
            return
        }
        if outcome.isLast { isEnding = true }
        switch outcome.answer.body {
        case .unopened(let unopened) where !exchange.isHead:
            open(unopened, exchange, outcome, context)
        case .file(let handle, let range) where !exchange.isHead && !range.isEmpty:
            context.write(
                wrapOutboundOut(.byteBuffer(head(of: outcome.answer, exchange, context))),
                promise: nil)
            if !sendNow(handle, range, exchange, outcome, context) {
                stream(handle, range, 0, exchange, outcome, context)
            }
        default:
            outcome.answer.discard()
            sendWhole(exchange, outcome, context)
        }
    }

    /// Sends an answer that is in memory, in one piece.
    private func sendWhole(
        _ exchange: Exchange, _ outcome: Responder.Outcome, _ context: ChannelHandlerContext
    ) {
        var buffer = head(of: outcome.answer, exchange, context)
        var count = 0
        if case .bytes(let bytes) = outcome.answer.body, !exchange.isHead {
            count = bytes.count
            buffer.writeBytes(bytes)
        }
        let sent = count
        limit(shape.settings.limits.write, context)
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: promise)
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { result in
            let (handler, context) = loop.value
            let isWhole = if case .success = result { true } else { false }
            handler.gateway.done(exchange, outcome, sent: isWhole ? sent : 0, isWhole: isWhole)
            handler.finish(exchange, isWhole: isWhole, context)
        }
    }

    /// The status line and the header of an answer, with room for a body in memory.
    private func head(
        of answer: Answer, _ exchange: Exchange, _ context: ChannelHandlerContext
    ) -> ByteBuffer {
        var room = answer.fields.bytes.count + 256
        if case .bytes(let bytes) = answer.body, !exchange.isHead { room += bytes.count }
        var buffer = context.channel.allocator.buffer(capacity: room)
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(answer.status))
        buffer.writeStaticString(Self.reason(of: answer.status))
        buffer.writeBytes(answer.fields.bytes)
        buffer.writeStaticString("x-amz-request-id: ")
        _ = exchange.id.withBytes { buffer.writeBytes($0) }
        buffer.writeStaticString("\r\nServer: perigee\r\nDate: ")
        buffer.writeString(gateway.date())
        if answer.status != 304 {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(answer.length))
        }
        if endsAfter(exchange) {
            // What was said holds, though the body may come to its end before the answer does.
            isEnding = true
            buffer.writeStaticString("\r\nConnection: close")
        } else if exchange.isOld {
            buffer.writeStaticString("\r\nConnection: keep-alive")
        }
        buffer.writeStaticString("\r\n\r\n")
        return buffer
    }

    /// The reason behind a status, with the line's end (RFC 9110, 15).
    private static func reason(of status: Int) -> StaticString {
        switch status {
        case 200: " OK\r\n"
        case 206: " Partial Content\r\n"
        case 304: " Not Modified\r\n"
        case 400: " Bad Request\r\n"
        case 403: " Forbidden\r\n"
        case 404: " Not Found\r\n"
        case 405: " Method Not Allowed\r\n"
        case 412: " Precondition Failed\r\n"
        case 416: " Range Not Satisfiable\r\n"
        case 500: " Internal Server Error\r\n"
        case 501: " Not Implemented\r\n"
        case 503: " Service Unavailable\r\n"
        default: " Other\r\n"
        }
    }

    // MARK: Large answers

    private func open(
        _ unopened: Answer.Unopened, _ exchange: Exchange, _ outcome: Responder.Outcome,
        _ context: ChannelHandlerContext
    ) {
        leaveUnlimited()
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let gateway = gateway
        transfer = Task {
            var outcome = outcome
            do throws(PerigeeError) {
                let handle = try await gateway.service.open(
                    unopened.file.file.entry, of: unopened.file.snapshot)
                outcome.answer.body = .file(handle, unopened.range)
            } catch {
                if let responder = outcome.shape?.responder {
                    outcome.answer = responder.answer(to: unopened, error)
                }
            }
            let made = outcome
            loop.eventLoop.execute {
                let (handler, context) = loop.value
                handler.send(exchange, made, context)
            }
        }
    }

    /// Sends bytes that have to be waited for.
    ///
    /// - Parameter before: how many of the answer's went out already.
    func stream(
        _ handle: ReadHandle, _ range: Range<Int64>, _ before: Int64, _ exchange: Exchange,
        _ outcome: Responder.Outcome, _ context: ChannelHandlerContext
    ) {
        leaveUnlimited()
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let sender = ObjectSender(
            handle: handle, channel: context.channel, threads: gateway.threads,
            isSecure: isSecure, patience: shape.settings.limits.write,
            pace: gateway.pace(outcome))
        let gateway = gateway
        transfer = Task {
            let (sent, failure) = await sender.send(range)
            handle.close()
            if let failure { gateway.logCut(exchange, failure) }
            gateway.done(
                exchange, outcome, sent: Int(before + sent), isWhole: failure == nil)
            loop.eventLoop.execute {
                let (handler, context) = loop.value
                handler.finish(exchange, isWhole: failure == nil, context)
            }
        }
    }
}
