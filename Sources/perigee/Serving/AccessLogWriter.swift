internal import Glibc
internal import Metrics
internal import NIOCore
internal import NIOPosix
internal import S3Gateway
internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// Writes lines of the access log on one thread, so that a slow disk holds up no request.
///
/// What finds no room in the queue is lost, and counted. A line is written whole or not at all but
/// where the disk is full in the middle of one; what comes behind it begins a line of its own.
final class AccessLogWriter: Sendable {
    private struct Queue {
        var bytes: [UInt8] = []
        var lines = 0
        /// Whether the thread has been told, and has not found the queue empty since.
        var isBeingWritten = false
    }

    /// What the thread alone uses.
    private struct File {
        var descriptor: Int32?
        var hasHalfLine = false
    }

    private let queue = Mutex(Queue())
    private let file = Mutex(File())
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let lost = Counter(label: MetricNames.accessLogLost)

    /// Bytes that wait at most.
    private static let most = 8 << 20
    /// How long the end waits for the last lines.
    private static let patience = TimeAmount.seconds(2)

    init() { thread.start() }

    /// Writes to another place from now on, or opens the same file again, as after a rotation.
    /// Blocks on the disk, and until the lines that are being written are.
    ///
    /// - Throws: `.storageFailed`; lines go on to where they went.
    func open(_ place: ServeConfiguration.AccessLogPlace) throws(PerigeeError) {
        let descriptor: Int32? =
            switch place {
            case .off: nil
            case .standardOutput: fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
            // A pipe that nobody reads is an error rather than a wait.
            case .file(let path):
                Glibc.open(
                    path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
            }
        if let descriptor, descriptor < 0 {
            throw PerigeeError(
                .storageFailed,
                "the access log \(Printable.quoted(place.description)) cannot be written",
                remedy: "name a file in a folder that this user may write",
                cause: SystemError(errno))
        }
        // What is written waits, on a thread that may. Standard output is others' too.
        if let descriptor, case .file = place { _ = fcntl(descriptor, F_SETFL, O_APPEND) }
        let old = file.withLock { file in
            defer { file = File(descriptor: descriptor) }
            return file.descriptor
        }
        if let old { close(old) }
    }

    /// The log that is written here; none where it is off.
    func log(_ place: ServeConfiguration.AccessLogPlace) -> AccessLog {
        place == .off ? AccessLog(nil) : AccessLog { [self] line in write(line) }
    }

    private func write(_ line: [UInt8]) {
        let isNew = queue.withLock { queue -> Bool? in
            guard queue.bytes.count + line.count <= Self.most else { return nil }
            queue.bytes += line
            queue.lines += 1
            defer { queue.isBeingWritten = true }
            return !queue.isBeingWritten
        }
        guard let isNew else { return lost.increment() }
        if isNew { thread.submit { [self] _ in empty() } }
    }

    /// Writes what is there, until nothing is.
    private func empty() {
        while true {
            let (bytes, lines) = queue.withLock { queue in
                defer {
                    if queue.lines == 0 { queue.isBeingWritten = false }
                    queue.bytes = []
                    queue.lines = 0
                }
                return (queue.bytes, queue.lines)
            }
            guard lines > 0 else { return }
            // The lock is held while the disk is waited for: whoever opens another file waits too.
            let isWritten = file.withLock { Self.write(bytes, &$0) }
            if !isWritten { lost.increment(by: lines) }
        }
    }

    private static func write(_ bytes: [UInt8], _ file: inout File) -> Bool {
        guard let descriptor = file.descriptor else { return true }
        let all = file.hasHalfLine ? [UInt8(ascii: "\n")] + bytes : bytes
        return all.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(
                    descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if count < 0 {
                    if errno == EINTR { continue }
                    if offset > 0 {
                        file.hasHalfLine = buffer[offset - 1] != UInt8(ascii: "\n")
                    }
                    return false
                }
                offset += count
            }
            file.hasHalfLine = false
            return true
        }
    }

    /// Writes what waits, and ends the thread; where nobody takes it, it is given up after 2 s.
    func stop(_ group: any EventLoopGroup) async {
        let loop = group.next()
        // Whichever comes first: a promise that is kept already is not kept again.
        let over = loop.makePromise(of: Bool.self)
        let timer = loop.scheduleTask(in: Self.patience) { over.succeed(false) }
        // Behind every job that was submitted before.
        thread.submit { _ in over.succeed(true) }
        let isWritten = (try? await over.futureResult.get()) ?? false
        timer.cancel()
        // A thread that waits for a reader ends with the process.
        guard isWritten else { return }
        try? await thread.shutdownGracefully()
        try? open(.off)
    }
}
