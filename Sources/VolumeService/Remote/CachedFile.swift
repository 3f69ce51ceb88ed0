internal import BlockCache
internal import Glibc
internal import Origins
internal import Synchronization
internal import VolumeModel

/// A version of a file on another machine, read through this node's cache.
///
/// Every byte was delivered by the origin as one of that version, or compared with the checksum of
/// what was; so nothing is left to confirm after a read.
final class CachedFile: FileContent {
    private let object: CachedObject
    private let name: [UInt8]
    private let wasFoundStale = Atomic(false)

    /// - Parameter name: for messages.
    init(_ object: CachedObject, name: [UInt8]) {
        self.object = object
        self.name = name
    }

    var passthroughDescriptor: Int32? { object.completeDescriptor }
    var mayKeepPages: Bool { true }
    var isNetwork: Bool { true }
    var isKnownStale: Bool { wasFoundStale.load(ordering: .relaxed) }

    func segmentsNow(_ range: ByteRange) throws(PerigeeError) -> [Segment]? {
        if range.count == 0 { return [] }
        guard let descriptor = object.completeDescriptor else { return nil }
        return [.file(descriptor: descriptor, offset: range.offset, count: range.count)]
    }

    func segments(_ range: ByteRange) async throws(PerigeeError) -> [Segment] {
        try await segments(range, within: nil)
    }

    /// The same in so much time; nil: as the cache's limits say.
    func segments(
        _ range: ByteRange, within limit: Duration?
    ) async throws(PerigeeError) -> [Segment] {
        // Always bytes: whoever waits for them has asked for a part of the file and been told to.
        if range.count == 0 { return [] }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: range.count, alignment: 4_096)
        defer { buffer.deallocate() }
        do throws(PerigeeError) {
            try await object.read(
                range.offset..<(range.offset + Int64(range.count)), into: buffer,
                deadline: limit)
        } catch {
            if error.code == .stale { wasFoundStale.store(true, ordering: .relaxed) }
            throw error
        }
        return [.bytes([UInt8](buffer))]
    }

    func confirm() throws(PerigeeError) {}

    func readBlocking(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64)
        throws(PerigeeError) -> Int
    {
        guard let descriptor = object.completeDescriptor else {
            throw PerigeeError(
                .originUnavailable, "\(Printable.quoted(name)) is not all in the cache")
        }
        var count = 0
        while count < buffer.count {
            let got = pread(
                descriptor, buffer.baseAddress! + count, buffer.count - count, Int(offset) + count)
            if got == 0 { break }
            if got > 0 {
                count += got
            } else if errno != EINTR {
                throw PerigeeError(
                    .storageFailed, "cannot read \(Printable.quoted(name)) in the cache",
                    cause: SystemError(errno))
            }
        }
        return count
    }

    func readNow(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        object.readNow(offset..<(offset + Int64(buffer.count)), into: buffer)
    }

    func warm(_ range: Range<Int64>) async throws(PerigeeError) {
        try await object.warm(range)
    }

    func close() { object.close() }
}

/// The bytes of one version of an object, as its origin has them.
struct OriginBlocks: BlockSource {
    let origin: any RemoteOrigin
    let key: [UInt8]
    let version: ObjectVersion

    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await origin.read(key, version: version, range: range, deliver: deliver)
    }

    var sendsWholeOnly: Bool { origin.readsWholeFilesOnly }

    func fetch(
        _ range: Range<Int64>, pace: ReadPace,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await origin.read(key, version: version, range: range, pace: pace, deliver: deliver)
    }
}

extension ObjectVersion {
    /// What tells it from other versions of an object of the same size.
    var pin: [UInt8] {
        if let etag { return Array("etag ".utf8) + Array(etag.utf8) }
        return Array("time \(modified?.nanoseconds ?? 0)".utf8)
    }
}
