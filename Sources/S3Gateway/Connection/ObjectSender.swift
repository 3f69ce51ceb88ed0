internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Origins
internal import VolumeModel
internal import VolumeService

/// Sends bytes of an open file, as fast as the client takes them and no faster.
///
/// On clear text the kernel sends them from the file (`sendfile`), in regions; elsewhere they are
/// read in chunks. Whether they are of the version that was opened is checked after each region, on
/// the descriptor that serves. What was sent by then cannot be taken back, so the last bytes are
/// read, checked and only then sent: an answer that is whole is of one version.
struct ObjectSender: Sendable {
    let handle: ReadHandle
    let channel: any Channel
    let threads: NIOThreadPool
    let isSecure: Bool
    /// How long one region may take.
    let patience: Duration
    /// Waits until so many more bytes may be sent.
    let pace: (@Sendable (Int) async -> Void)?

    /// Bytes that the kernel sends at a time.
    private static let region: Int64 = 4 << 20
    /// A region that takes longer than this is for a client to whom it makes no difference who
    /// reads the file: the rest goes out in chunks, each with a deadline of its own.
    private static let slow = Duration.seconds(5)
    /// Bytes that are read at a time.
    private static let chunk: Int64 = 1 << 20
    /// Bytes that are held back until all others are confirmed: as few as are worth a packet, since they
    /// are copied.
    static let tail: Int64 = 4 << 10

    /// Sends bytes, which are more than none.
    ///
    /// - Returns: how many bytes went out, and why it ended early.
    func send(_ range: Range<Int64>) async -> (sent: Int64, failure: (any Error)?) {
        var position = range.lowerBound
        do {
            if !isSecure, let descriptor = handle.passthroughDescriptor {
                let end = max(range.lowerBound, range.upperBound - Self.tail)
                try await bring(descriptor, position..<min(end, position + Self.region))
                while position < end {
                    let next = min(end, position + Self.region)
                    await pace?(Int(next - position))
                    // The next region is on its way into memory while this one is sent.
                    async let ahead: Void = bring(
                        descriptor, next..<min(end, next + Self.region))
                    let start = ContinuousClock.now
                    try await send(descriptor, position..<next)
                    try await ahead
                    try await threads.runIfActive { [handle] in try handle.confirm() }
                    position = next
                    if ContinuousClock.now - start > Self.slow { break }
                }
            }
            while position < range.upperBound {
                let next = min(range.upperBound, position + Self.chunk)
                await pace?(Int(next - position))
                let bytes = try await read(position..<next)
                try await limited { try await channel.writeAndFlush(IOData.byteBuffer(bytes)) }
                position = next
            }
            return (position - range.lowerBound, nil)
        } catch {
            return (position - range.lowerBound, error)
        }
    }

    /// Has the kernel bring a part of the file into memory, so that sending it does not hold up the
    /// event loop.
    private func bring(_ descriptor: Int32, _ range: Range<Int64>) async throws {
        guard !range.isEmpty else { return }
        _ = try await threads.runIfActive {
            posix_fadvise(descriptor, Int(range.lowerBound), range.count, POSIX_FADV_WILLNEED)
        }
    }

    private func send(_ descriptor: Int32, _ range: Range<Int64>) async throws {
        let region = FileRegion(lending: descriptor, range)
        defer { region.takeBack() }
        try await limited {
            try await channel.writeAndFlush(IOData.fileRegion(region))
        }
    }

    /// Closes the connection where a write takes too long, which ends the write.
    private func limited(_ body: () async throws -> Void) async throws {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(patience)) {
            channel.close(promise: nil)
        }
        defer { timer.cancel() }
        try await body()
    }

    private func read(_ range: Range<Int64>) async throws -> ByteBuffer {
        guard let wanted = ByteRange(offset: range.lowerBound, count: range.count) else {
            throw PerigeeError(.invalidArgument, "a range of bytes overflows")
        }
        let now = try await threads.runIfActive { [handle] () -> ByteBuffer? in
            guard let segments = try handle.segmentsNow(wanted) else { return nil }
            return try handle.buffer(of: segments, range)
        }
        if let now { return now }
        var buffer = ByteBuffer()
        for segment in try await handle.segments(wanted) {
            guard case .bytes(let bytes) = segment else {
                throw PerigeeError(.originUnavailable, "an origin gave no bytes")
            }
            buffer.writeBytes(bytes)
        }
        guard buffer.readableBytes == range.count else {
            throw PerigeeError(.stale, "the file ends before its size")
        }
        return buffer
    }
}

extension FileRegion {
    /// A part of a file whose descriptor stays somebody else's; `takeBack()` has to follow.
    init(lending descriptor: Int32, _ range: Range<Int64>) {
        self.init(
            fileHandle: NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor),
            readerIndex: Int(range.lowerBound), endIndex: Int(range.upperBound))
    }

    /// Leaves the descriptor to whose it is.
    func takeBack() { _ = try? fileHandle.takeDescriptorOwnership() }
}

extension ReadHandle {
    /// The bytes of segments on this machine, confirmed.
    fileprivate func buffer(
        of segments: [Segment], _ range: Range<Int64>
    ) throws(PerigeeError) -> ByteBuffer {
        if case .bytes(let bytes) = segments.first, segments.count == 1 {
            return ByteBuffer(bytes: bytes)
        }
        return ByteBuffer(bytes: try bytes(range))
    }
}
