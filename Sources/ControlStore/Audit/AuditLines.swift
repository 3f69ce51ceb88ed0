internal import CKernel
internal import Glibc
internal import VolumeModel

/// The records of one segment, one after the other.
struct AuditLines {
    /// The record that was read last; nil at the end.
    private(set) var head: TimedAuditRecord?
    /// The lines so far that are no records.
    private(set) var damage: [AuditReader.Damage] = []

    /// Bytes that are read at once.
    private static let chunk = 65_536
    /// Bytes of a line above which it is damage; the longest path makes one of 8 KiB.
    private static let longestLine = 65_536

    private let path: String
    private let file: File
    private var buffer: [UInt8] = []
    private var position = 0
    private var number = 0

    /// Closes the descriptor when the last copy goes.
    private final class File: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    /// Opens a segment; nil where it is gone, or was last written before `since`.
    ///
    /// - Throws: `.storageFailed`.
    init?(_ segment: AuditSegment, notBefore since: Timestamp?) throws(PerigeeError) {
        let descriptor = open(segment.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw Self.unreadable(segment.path, errno) }
        file = File(descriptor)
        path = segment.path
        var status = perigee_stat()
        let code = perigee_stat_descriptor(descriptor, &status)
        guard code == 0 else { throw Self.unreadable(path, code) }
        if let since, status.mtime_ns < since.nanoseconds { return nil }
    }

    /// Goes on to the next record.
    ///
    /// - Throws: `.storageFailed`.
    mutating func advance() throws(PerigeeError) {
        while let line = try nextLine() {
            number += 1
            head = AuditLineReader.record(line.bytes)
            if head != nil { return }
            // What a writer that lives, or was killed, had not finished is no damage.
            if line.isWhole { damage.append(AuditReader.Damage(path: path, line: number)) }
        }
        head = nil
    }

    private mutating func nextLine() throws(PerigeeError) -> (bytes: [UInt8], isWhole: Bool)? {
        var line: [UInt8] = []
        while true {
            if let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) {
                append(buffer[position..<end], to: &line)
                position = end + 1
                return (line, true)
            }
            append(buffer[position...], to: &line)
            guard try fill() else { return line.isEmpty ? nil : (line, false) }
        }
    }

    /// What is too long is no record, and need not be kept.
    private func append(_ bytes: ArraySlice<UInt8>, to line: inout [UInt8]) {
        if line.count <= Self.longestLine { line.append(contentsOf: bytes) }
    }

    private mutating func fill() throws(PerigeeError) -> Bool {
        buffer = [UInt8](repeating: 0, count: Self.chunk)
        position = 0
        var count = read(file.descriptor, &buffer, buffer.count)
        while count < 0, errno == EINTR { count = read(file.descriptor, &buffer, buffer.count) }
        guard count >= 0 else { throw Self.unreadable(path, errno) }
        buffer.removeLast(buffer.count - count)
        return count > 0
    }

    private static func unreadable(_ path: String, _ code: Int32) -> PerigeeError {
        PerigeeError(
            .storageFailed, "the audit log \(Printable.quoted(path)) cannot be read",
            cause: SystemError(code))
    }
}
