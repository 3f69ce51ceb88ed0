internal import NIOCore
internal import VolumeModel
internal import VolumeService

extension ConnectionHandler {
    /// The most bytes that are sent without leaving the event loop: as many as may go out within one
    /// deadline.
    private static let mostNow = 1 << 20
    /// How far apart the bytes are by which it is seen whether a part is in memory: the kernel reads
    /// a file ahead by as much and more.
    private static let stride: Int64 = 128 << 10

    /// Sends a part of a file that is in memory already: the kernel from the file, all but the last
    /// bytes, which follow once it is sure that those before are of the version that was opened.
    ///
    /// - Returns: false where that would wait for the disk or for a pace, and nothing was done.
    func sendNow(
        _ handle: ReadHandle, _ range: Range<Int64>, _ exchange: Exchange,
        _ outcome: Responder.Outcome, _ context: ChannelHandlerContext
    ) -> Bool {
        guard !isSecure, range.count <= Self.mostNow, gateway.pace(outcome) == nil,
            let descriptor = handle.passthroughDescriptor, Self.isInMemory(range, of: handle)
        else { return false }
        let end = max(range.lowerBound, range.upperBound - ObjectSender.tail)
        limit(shape.settings.limits.write, context)
        let region = FileRegion(lending: descriptor, range.lowerBound..<end)
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.fileRegion(region)), promise: promise)
        let loop = NIOLoopBound((self, context, region), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { result in
            let (handler, context, region) = loop.value
            region.takeBack()
            guard case .success = result else {
                handle.close()
                handler.end(exchange, outcome, sent: 0, isWhole: false, context)
                return
            }
            handler.sendTail(handle, end..<range.upperBound, range, exchange, outcome, context)
        }
        return true
    }

    private func sendTail(
        _ handle: ReadHandle, _ tail: Range<Int64>, _ range: Range<Int64>, _ exchange: Exchange,
        _ outcome: Responder.Outcome, _ context: ChannelHandlerContext
    ) {
        let before = tail.lowerBound - range.lowerBound
        let bytes: [UInt8]
        do throws(PerigeeError) {
            guard let now = try handle.bytesNow(tail) else {
                stream(handle, tail, before, exchange, outcome, context)
                return
            }
            bytes = now
            handle.close()
        } catch {
            handle.close()
            gateway.logCut(exchange, error)
            end(exchange, outcome, sent: Int(before), isWhole: false, context)
            return
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(
            wrapOutboundOut(.byteBuffer(ByteBuffer(bytes: bytes))), promise: promise)
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { result in
            let (handler, context) = loop.value
            let isWhole = if case .success = result { true } else { false }
            handler.end(
                exchange, outcome, sent: isWhole ? range.count : Int(before), isWhole: isWhole,
                context)
        }
    }

    /// Counts an answer and goes on.
    private func end(
        _ exchange: Exchange, _ outcome: Responder.Outcome, sent: Int, isWhole: Bool,
        _ context: ChannelHandlerContext
    ) {
        gateway.done(exchange, outcome, sent: sent, isWhole: isWhole)
        finish(exchange, isWhole: isWhole, context)
    }

    private static func isInMemory(_ range: Range<Int64>, of handle: ReadHandle) -> Bool {
        var position = range.lowerBound
        while true {
            guard handle.isInMemory(at: position) else { return false }
            if position == range.upperBound - 1 { return true }
            position = min(position + stride, range.upperBound - 1)
        }
    }
}
