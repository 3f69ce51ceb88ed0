internal import Crypto
internal import Glibc

/// A file under a temporary name, which becomes visible whole or not at all.
///
/// Dropped without ``commit(modified:)``, it removes what it wrote.
struct OutputFile: ~Copyable {
    private static let bufferBytes = 1 << 18

    private let descriptor: Int32
    private let path: String
    private let temporary: String
    private var isCommitted = false
    private var buffer: [UInt8] = []
    private var hasher: Insecure.MD5?
    private var gzip: GzipEncoder?
    /// Bytes on disk, once committed.
    private(set) var size = 0

    /// - Parameters:
    ///   - isHashed: Whether ``commit(modified:)`` gives the MD5 of the bytes on disk.
    ///   - gzip: Compresses what is written, if given.
    init(
        _ path: String, isHashed: Bool = false, gzip: GzipEncoder? = nil
    ) throws(SampleArchiveError) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        self.path = path
        // The same name each time, so that a killed run leaves at most one, which the next takes.
        temporary = "\(folder).\(path.dropFirst(folder.count)).partial"
        self.gzip = gzip
        if isHashed {
            hasher = Insecure.MD5()
        }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(errno, "create", temporary) }
        buffer.reserveCapacity(Self.bufferBytes)
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            if !isCommitted {
                unlink(temporary)
            }
        }
    }

    mutating func write(_ bytes: [UInt8]) throws(SampleArchiveError) {
        if gzip == nil {
            buffer += bytes
        } else {
            gzip?.write(bytes)
            gzip?.drain(into: &buffer)
        }
        if buffer.count >= Self.bufferBytes {
            try flush()
        }
    }

    /// Writes `row` again and again as `rows` fills it.
    mutating func write(rows source: any RowSource) throws(SampleArchiveError) {
        var source = source
        var row = [UInt8](repeating: 0, count: source.rowBytes)
        for index in 0..<source.rowCount {
            row.withUnsafeMutableBytes { source.fill(index, into: $0) }
            try write(row)
        }
    }

    /// Gives the file its name and its time.
    ///
    /// - Returns: The MD5 of the file in lower-case hexadecimal; empty if it was not asked for.
    mutating func commit(modified: UTCTime) throws(SampleArchiveError) -> String {
        gzip?.finish()
        gzip?.drain(into: &buffer)
        try flush()
        let moment = timespec(tv_sec: modified.unixSeconds, tv_nsec: 0)
        let status = withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times in
            times.initialize(repeating: moment)
            return futimens(descriptor, times.baseAddress)
        }
        guard status == 0 else { throw .system(errno, "set the time of", temporary) }
        guard rename(temporary, path) == 0 else { throw .system(errno, "rename to", path) }
        isCommitted = true
        guard let hasher else { return "" }
        return hasher.finalize().map { padded(String($0, radix: 16), 2, with: "0") }.joined()
    }

    private mutating func flush() throws(SampleArchiveError) {
        let descriptor = self.descriptor
        let failure = buffer.withUnsafeBytes { bytes -> Int32 in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(
                    descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += count
            }
            return 0
        }
        guard failure == 0 else { throw .system(failure, "write", temporary) }
        hasher?.update(data: buffer)
        size += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }
}
