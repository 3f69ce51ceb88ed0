internal import CKernel
internal import Glibc
internal import VolumeModel

/// A file of an audit log: one process writes it, from one rotation to the next.
struct AuditSegment: Hashable, Sendable {
    /// Its path.
    let path: String
    /// The process that wrote it.
    let process: Int32
    /// The instant of its first record.
    let start: Timestamp

    private static let prefix = "opens-"
    private static let suffix = ".jsonl"

    /// The segment in `folder` that begins at `start`.
    init(in folder: String, process: Int32, start: Timestamp) {
        path = "\(folder)/\(Self.prefix)\(process)-\(start.nanoseconds)\(Self.suffix)"
        self.process = process
        self.start = start
    }

    /// The segment of that name in `folder`, or nil where it is none.
    init?(in folder: String, named name: String) {
        guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
        let numbers = name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
            .split(separator: "-", maxSplits: 1)
        guard numbers.count == 2, let process = Int32(numbers[0]), let start = Int64(numbers[1])
        else { return nil }
        self.init(in: folder, process: process, start: Timestamp(nanoseconds: start))
    }

    /// All segments in `folder`, the oldest first.
    ///
    /// - Throws: `.storageFailed`.
    static func all(in folder: String) throws(PerigeeError) -> [AuditSegment] {
        try folderNames(folder).compactMap { AuditSegment(in: folder, named: $0) }
            .sorted { ($0.start, $0.process) < ($1.start, $1.process) }
    }

    /// Removes the oldest segments until there is room for one more file, and at most so many bytes
    /// are left. One that a living process writes stays.
    ///
    /// - Throws: `.storageFailed`.
    static func trim(_ folder: String, to limits: DataAuditLog.Limits) throws(PerigeeError) {
        let segments = try all(in: folder)
        let sizes = segments.map { Int(clamping: fileSize($0.path) ?? 0) }
        var (files, bytes) = (segments.count, sizes.reduce(0, +))
        for (segment, size) in zip(segments, sizes) {
            guard files >= limits.files || bytes > limits.bytes else { return }
            if segment.isBeingWritten { continue }
            guard unlink(segment.path) == 0 || errno == ENOENT else { continue }
            files -= 1
            bytes -= size
        }
    }

    /// Whether its writer lives: it holds a lock on it.
    private var isBeingWritten: Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return perigee_lock(descriptor, 1) == -EWOULDBLOCK
    }
}
