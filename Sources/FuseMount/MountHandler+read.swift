internal import FuseKernel
internal import Glibc
internal import Origins
internal import VolumeFileSystem
internal import VolumeModel
internal import VolumeService

/// OPEN and READ.
extension MountHandler {
    func open(_ node: Node, flags: Int32, _ reply: FuseReply) throws(PerigeeError) {
        try checkReadOnly(flags)
        if let file = try system.openNow(node) {
            opened(file, reply)
            return
        }
        later(reply) { [self] answer throws(PerigeeError) in
            let file = try await system.open(node)
            // Where nobody waits any more the file closes here, as nobody else holds it.
            answer.give { opened(file, $0) }
        }
    }

    func checkReadOnly(_ flags: Int32) throws(PerigeeError) {
        guard flags & O_ACCMODE == O_RDONLY, flags & O_TRUNC == 0 else {
            throw PerigeeError(.readOnly, "the file system is read-only")
        }
    }

    private func opened(_ file: OpenFile, _ reply: FuseReply) {
        guard let session, let backing else {
            reply.error(UnfinishedRequest.ended.errno)
            return
        }
        let mode = backing.open(file.node, file.file, session)
        let handle = FuseHandle(rawValue: system.register(file))
        switch mode {
        case .passthrough(let id):
            reply.opened(handle, flags: .noFlush, backing: BackingID(rawValue: id))
        case .cached:
            reply.opened(handle, flags: [.keepCache, .noFlush])
        case .direct:
            reply.opened(handle, flags: [.directIO, .noFlush])
        }
    }

    func read(
        _ handle: FuseHandle, offset: UInt64, size: UInt32, scratch: UnsafeMutableRawBufferPointer,
        _ reply: FuseReply
    ) throws(PerigeeError) {
        let file = try system.openFile(handle.rawValue)
        let range = try Self.range(offset, size)
        if let segments = try file.file.segmentsNow(range) {
            try send(segments, of: file, through: scratch, reply)
            fill(around: range, of: file)
            return
        }
        later(reply, reading: file.node) { [self] answer throws(PerigeeError) in
            let segments = try await file.file.segments(range)
            if case .bytes(let bytes) = segments.first, segments.count == 1 {
                answer.give { reply in bytes.withUnsafeBytes { reply.data($0) } }
                return
            }
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(range.count, 1), alignment: 4096)
            defer { memory.deallocate() }
            let count = try gather(segments, of: file, into: memory)
            answer.give { $0.data(UnsafeRawBufferPointer(rebasing: memory[..<count])) }
        }
    }

    /// What a READ asks for.
    static func range(_ offset: UInt64, _ size: UInt32) throws(PerigeeError) -> ByteRange {
        guard let start = Int64(exactly: offset),
            let range = ByteRange(offset: start, count: Int(size))
        else { throw PerigeeError(.invalidArgument, "a read at \(offset) is out of range") }
        return range
    }

    /// After the answer: nobody waits for it.
    private func fill(around range: ByteRange, of file: OpenFile) {
        guard let window = file.windowAround(range), let session,
            backing?.mode(of: file.node) == .cached
        else { return }
        pages.fill(window, of: file, session)
    }

    private func send(
        _ segments: [Segment], of file: OpenFile, through scratch: UnsafeMutableRawBufferPointer,
        _ reply: FuseReply
    ) throws(PerigeeError) {
        if case .bytes(let bytes) = segments.first, segments.count == 1 {
            bytes.withUnsafeBytes { reply.data($0) }
            return
        }
        let count = try gather(segments, of: file, into: scratch)
        reply.data(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
    }

    /// Puts segments one behind the other into `memory`, checked to be of the version that was
    /// opened; how many bytes they have.
    private func gather(
        _ segments: [Segment], of file: OpenFile, into memory: UnsafeMutableRawBufferPointer
    ) throws(PerigeeError) -> Int {
        var filled = 0
        for segment in segments {
            let count =
                switch segment {
                case .bytes(let bytes): bytes.count
                case .file(_, _, let count): count
                }
            guard count <= memory.count - filled else { throw Self.tooMuch }
            let room = UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + count])
            switch segment {
            case .bytes(let bytes): room.copyBytes(from: bytes)
            case .file(_, let offset, _): try file.file.read(at: offset, count: count, into: room)
            }
            filled += count
        }
        return filled
    }

    private static let tooMuch = PerigeeError(.corrupt, "a read returned more than was asked for")
}
