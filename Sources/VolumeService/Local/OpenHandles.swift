internal import Dispatch
internal import Logging
internal import Metrics
internal import Origins
internal import Synchronization
internal import VolumeModel

/// The files that are open, so that each is checked against its origin once a second: what the
/// kernel reads by itself passes nobody who could look.
final class OpenHandles: Sendable {
    private let logger: Logger
    private let limit: OpenFileLimit
    private let onStale: @Sendable (Int, EntryID) -> Void
    private let state = Mutex(State())
    private let over = DispatchSemaphore(value: 0)
    private let staleCount = Counter(label: MetricNames.staleFiles)
    private let openGauge = Gauge(label: MetricNames.openFiles)

    private struct State {
        var files: [ObjectIdentifier: Open] = [:]
        var settling: (@Sendable () -> Void)?
        /// Opens that were refused since the last check, for want of descriptors.
        var refusedForRoom = 0
        /// Stale files whose refusal has been logged in this minute.
        var logged: Set<StaleFile> = []
        /// Refusals in this minute that were not.
        var unlogged = 0
        /// Checks, one a second, since this minute began.
        var seconds = 0
    }

    private struct StaleFile: Hashable {
        let ordinal: Int
        let file: EntryID
    }

    /// Each stale file is logged once a minute, and so many of them: whoever reads a mount could
    /// else fill the disk that the log is on, by opening one in a loop.
    private static let loggedInAMinute = 100

    private struct Open {
        let handle: Weak
        let file: any FileContent
        var isReported = false
    }

    /// A handle that is dropped without `close` must still go away.
    private struct Weak: Sendable {
        weak let handle: ReadHandle?
    }

    init(
        logger: Logger, limit: OpenFileLimit = .current,
        onStale: @escaping @Sendable (Int, EntryID) -> Void
    ) {
        self.logger = logger
        self.limit = limit
        self.onStale = onStale
        let over = over
        Thread.start(name: "open-files") { [weak self] in
            while over.wait(timeout: .now() + 1) == .timedOut {
                guard let self else { return }
                self.check()
            }
        }
    }

    deinit { stop() }

    func stop() { over.signal() }

    /// Runs once a second, beside the checks.
    var settling: (@Sendable () -> Void)? {
        get { state.withLock(\.settling) }
        set { state.withLock { $0.settling = newValue } }
    }

    var count: Int { state.withLock(\.files.count) }

    /// To be asked before a file is opened. What is under way at the same time is not counted; the
    /// limit's reserve is larger than that.
    ///
    /// - Throws: `.tooManyOpen`.
    func makeSureOfRoom() throws(PerigeeError) {
        let isFull = state.withLock { state in
            guard state.files.count >= limit.files else { return false }
            state.refusedForRoom += 1
            return true
        }
        guard isFull else { return }
        throw PerigeeError(
            .tooManyOpen, "\(limit.files) files are open, which is as many as may be",
            remedy: "close some, or raise the hard limit of open files (ulimit -Hn) of this process"
        )
    }

    func register(
        _ file: any FileContent, entry: Entry, ordinal: Int,
        authorise: (@Sendable () throws(PerigeeError) -> Void)?
    ) -> ReadHandle {
        let handle = ReadHandle(
            entry: entry, ordinal: ordinal, file: file, authorise: authorise
        ) { [weak self] handle in
            self?.close(handle)
        }
        let count = state.withLock { state in
            state.files[ObjectIdentifier(handle)] = Open(
                handle: Weak(handle: handle), file: file)
            return state.files.count
        }
        openGauge.record(count)
        return handle
    }

    /// The last check, at close: what was read until now was or was not of one version.
    private func close(_ handle: ReadHandle) {
        let open = state.withLock { $0.files.removeValue(forKey: ObjectIdentifier(handle)) }
        guard let open else { return }
        if !open.isReported, isStale(open.file) { report(handle) }
    }

    private func check() {
        let (open, settling, refused) = state.withLock { state in
            state.files = state.files.filter { $0.value.handle.handle != nil }
            defer { state.refusedForRoom = 0 }
            return (state.files, state.settling, state.refusedForRoom)
        }
        settling?()
        // Once a second at most: a program that opens too much tries again and again.
        if refused > 0 {
            logger.warning(
                "too many files are open",
                metadata: [
                    "refused": "\(refused)", "open": "\(open.count)", "limit": "\(limit.files)",
                    "descriptors": "\(limit.descriptors)",
                ])
        }
        logRest()
        for (key, file) in open where !file.isReported {
            guard isStale(file.file), let handle = file.handle.handle else { continue }
            state.withLock { $0.files[key]?.isReported = true }
            report(handle)
        }
    }

    /// Ends a minute of refusals.
    private func logRest() {
        let rest = state.withLock { state in
            state.seconds += 1
            guard state.seconds >= 60 else { return 0 }
            defer { (state.seconds, state.unlogged, state.logged) = (0, 0, []) }
            return state.unlogged
        }
        guard rest > 0 else { return }
        logger.warning(
            "more opens of files that are not what was published", metadata: ["count": "\(rest)"])
    }

    /// Notes a file that could not be opened, where its origin holds another version by now.
    func refused(_ entry: Entry, ordinal: Int, _ error: PerigeeError) {
        guard error.code == .stale else { return }
        staleCount.increment()
        let isNew = state.withLock { state in
            guard state.logged.count < Self.loggedInAMinute,
                state.logged.insert(StaleFile(ordinal: ordinal, file: entry.id)).inserted
            else {
                state.unlogged += 1
                return false
            }
            return true
        }
        guard isNew else { return }
        logger.warning(
            "file is not what was published",
            metadata: [
                "volume": "\(ordinal)", "file": "\(entry.id)", "error": "\(error.message)",
            ])
    }

    /// A file on a network root is checked by the root's own threads with each read; what they have
    /// found is told here.
    private func isStale(_ file: any FileContent) -> Bool {
        if file.isNetwork { return file.isKnownStale }
        do throws(PerigeeError) {
            try file.confirm()
            return false
        } catch {
            return error.code == .stale
        }
    }

    private func report(_ handle: ReadHandle) {
        staleCount.increment()
        logger.warning(
            "file changed at its origin while open",
            metadata: [
                "volume": "\(handle.ordinal)", "file": "\(handle.entry.id)",
                "name": "\(Printable.quoted(handle.entry.name))",
            ])
        onStale(handle.ordinal, handle.entry.id)
    }
}
