internal import CKernel
internal import Glibc
internal import VolumeModel

/// Appends to the present segment of this process, and begins the next where it is full or old.
///
/// Of the log's own thread alone.
struct AuditWriter: ~Copyable {
    private let folder: String
    private let limits: DataAuditLog.Limits
    private var segment: Open?

    private struct Open {
        let path: String
        let descriptor: Int32
        let start: Timestamp
        var size = 0
    }

    init(folder: String, limits: DataAuditLog.Limits) {
        self.folder = folder
        self.limits = limits
    }

    deinit {
        if let segment { close(segment.descriptor) }
    }

    /// Appends lines, all of them or none.
    ///
    /// - Parameters:
    ///   - lines: whole lines, the first of which is of the instant `time`.
    ///   - isDurable: returns only when they have reached the disk.
    /// - Throws: `.storageFailed`.
    mutating func append(
        _ lines: [UInt8], at time: Timestamp, isDurable: Bool
    ) throws(PerigeeError) {
        if let open = segment, isOver(open, at: time, adding: lines.count) { end(open) }
        var open: Open
        if let segment {
            open = segment
        } else {
            open = try begin(at: time)
            segment = open
        }
        guard writeAll(lines, to: open.descriptor), !isDurable || fdatasync(open.descriptor) == 0
        else {
            let error = storageFailed(open.path, errno)
            // A line that was cut would take the next one with it. Where even that fails, the next
            // lines go to a segment of their own.
            if ftruncate(open.descriptor, off_t(open.size)) != 0 { end(open) }
            throw error
        }
        open.size += lines.count
        segment = open
    }

    private func isOver(_ open: borrowing Open, at time: Timestamp, adding count: Int) -> Bool {
        let age = time.nanoseconds - open.start.nanoseconds
        // A clock that was put back makes no segment old.
        return open.size > 0 && open.size + count > limits.segmentBytes
            || age > limits.segmentAge.components.seconds * 1_000_000_000
    }

    private mutating func end(_ open: borrowing Open) {
        close(open.descriptor)
        segment = nil
    }

    private func begin(at time: Timestamp) throws(PerigeeError) -> Open {
        // Before the new one, which may need the room. What cannot be removed is no reason to write
        // nothing.
        try? AuditSegment.trim(folder, to: limits)
        var start = time
        while true {
            let path = AuditSegment(in: folder, process: getpid(), start: start).path
            let descriptor = Glibc.open(
                path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            if descriptor < 0, errno == EEXIST {
                // A clock that was put back, or another process of that number before.
                start = Timestamp(nanoseconds: start.nanoseconds + 1)
                continue
            }
            guard descriptor >= 0 else { throw storageFailed(path, errno) }
            _ = perigee_lock(descriptor, 1)
            do throws(PerigeeError) {
                try syncFolder(of: path)
            } catch {
                close(descriptor)
                throw error
            }
            return Open(path: path, descriptor: descriptor, start: start)
        }
    }

    private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                offset += count
            }
            return true
        }
    }
}
