internal import Glibc
internal import Logging
internal import Synchronization
internal import VolumeModel

/// The log of a server on standard error, whose level can change while it runs.
///
/// Where systemd reads standard error each line begins with its priority, as sd-daemon(3) has it,
/// and the journal adds the time; elsewhere with the time and the level.
final class ServeLog: Sendable {
    private let least: Mutex<Logger.Level>
    fileprivate let isJournal: Bool

    /// - Parameter environment: says in JOURNAL_STREAM which file the journal reads.
    init(_ level: Logger.Level, environment: [String: String]) {
        least = Mutex(level)
        isJournal = Self.isJournal(environment["JOURNAL_STREAM"])
    }

    /// Below which nothing is written.
    var level: Logger.Level {
        get { least.withLock(\.self) }
        set { least.withLock { $0 = newValue } }
    }

    /// A logger that writes here.
    var logger: Logger { Logger(label: "perigee.serve") { _ in ServeLogHandler(log: self) } }

    /// systemd.exec(5): device and inode of what the journal reads, `8:1234`. A variable that was
    /// inherited says nothing of a file that was put there since.
    private static func isJournal(_ stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}

private struct ServeLogHandler: LogHandler {
    let log: ServeLog
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    var logLevel: Logger.Level {
        get { log.level }
        // A copy that wants another level would make it everybody's.
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        var line = Self.escaped("\(event.message)")
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Self.value("\(value)"))"
        }
        Terminal.errorLine(
            log.isJournal
                ? "<\(Self.priority(event.level))>\(line)"
                : "\(Timestamp.now.iso8601) \(event.level) \(line)")
    }

    /// What may hold names of files and clients cannot drive a terminal, or begin a line.
    private static func escaped(_ text: String) -> String { Printable.escaped(Array(text.utf8)) }

    private static func value(_ text: String) -> String {
        let plain = escaped(text)
        return plain.contains(where: { $0 == " " || $0 == "=" || $0 == "\"" })
            ? "\"\(plain.replacing("\"", with: "\\\""))\"" : plain
    }

    /// syslog(3)'s.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
