internal import ControlStore
internal import Dispatch
internal import Origins
internal import Synchronization
internal import VolumeModel

/// One version of a file that several sources have, read from the one that answers.
///
/// Whatever a source fails with, the next one is asked: each has its own check that the bytes are of
/// that version. Bytes of a folder are checked before they are given away, so that a check made later
/// can never be one of another source. Only where all have failed does a reader hear of it.
final class MirroredFile: FileContent {
    // Constants.
    private let places: [SourcePlace]
    private let name: [UInt8]
    private let group: String
    private let opener: SourceOpener
    /// How long a read may take, whatever it tries.
    private let deadline: Duration
    /// Hears of a source that has another version by now, or none.
    private let onStale: @Sendable (PerigeeError) -> Void
    let mayKeepPages: Bool

    private let state = Mutex(State())

    private struct State {
        /// The place that is read from.
        var current: Int?
        /// What was opened; it stays so until the end, since readers may still hold descriptors.
        var opened: [Int: any FileContent] = [:]
        /// Places that do not have this version any more, with what they said.
        var gone: [Int: PerigeeError] = [:]
        var isClosed = false
    }

    /// How long one source is waited for while others are left.
    static let patience = Duration.seconds(5)

    /// - Parameter places: in the order in which they are to be asked; two at least.
    init(
        _ places: [SourcePlace], name: [UInt8], group: String, opener: SourceOpener,
        deadline: Duration, onStale: @escaping @Sendable (PerigeeError) -> Void
    ) {
        self.places = places
        self.name = name
        self.group = group
        self.opener = opener
        self.deadline = deadline
        self.onStale = onStale
        // Pages are checked by nobody when they are read again.
        mayKeepPages = places.allSatisfy { $0.isRemote || $0.root.files == .replaced }
    }

    /// Takes over what somebody opened at one of the places.
    func begin(with file: any FileContent, at index: Int) { keep(file, at: index) }

    /// Opens it at the first place that has it: one that lies in the cache as a whole before those
    /// that would have to be asked.
    ///
    /// - Throws: what the most telling place says, where none has it.
    func open() async throws(PerigeeError) {
        var order = self.order { !self.places[$0].isRemote }
        if let first = order.first, places[first].isRemote,
            await !opener.holdsAll(of: places[first])
        {
            for index in order.dropFirst() where places[index].isRemote {
                guard await opener.holdsAll(of: places[index]) else { continue }
                order.removeAll { $0 == index }
                order.insert(index, at: 0)
                break
            }
        }
        try await trying(order) { index, end throws(PerigeeError) in
            _ = try await self.file(at: index, until: end)
        }
    }

    // MARK: Reading

    func segments(_ range: ByteRange) async throws(PerigeeError) -> [Segment] {
        if range.count == 0 { return [] }
        if let now = try segmentsNow(range) ?? hereNow(range) { return now }
        return try await trying(order()) { index, end throws(PerigeeError) in
            let file = try await self.file(at: index, until: end)
            if let file = file as? CachedFile {
                return try await file.segments(range, within: end - .now)
            }
            return try await Self.until(end, self.places[index].root.name) {
                () async throws(PerigeeError) in
                if file.isNetwork { return try await file.segments(range) }
                return try await Self.bytes(of: range, in: file)
            }
        }
    }

    func warm(_ range: Range<Int64>) async throws(PerigeeError) {
        try await trying(order()) { index, end throws(PerigeeError) in
            let file = try await self.file(at: index, until: end)
            try await Self.until(end, self.places[index].root.name) {
                () async throws(PerigeeError) in try await file.warm(range)
            }
        }
    }

    func segmentsNow(_ range: ByteRange) throws(PerigeeError) -> [Segment]? {
        if range.count == 0 { return [] }
        // What lies in a folder is read and checked at once, for which a thread has to wait.
        for file in cached() {
            if let now = try file.segmentsNow(range) { return now }
        }
        return nil
    }

    /// What any of the sources has given and lies in memory, whether they answer or not.
    private func hereNow(_ range: ByteRange) -> [Segment]? {
        let files = cached()
        guard !files.isEmpty else { return nil }
        var isHere = false
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            isHere = files.contains {
                $0.readNow(
                    into: UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count]),
                    at: range.offset)
            }
            count = isHere ? range.count : 0
        }
        return isHere ? [.bytes(bytes)] : nil
    }

    /// Reads a file of a folder of this machine, and checks it, on a thread that may wait.
    private static func bytes(
        of range: ByteRange, in file: any FileContent
    ) async throws(PerigeeError) -> [Segment] {
        let result: Result<[Segment], PerigeeError> = await withCheckedContinuation { done in
            DispatchQueue.global().async {
                var got: Result<Int, PerigeeError> = .success(0)
                let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
                    do throws(PerigeeError) {
                        count = try file.readBlocking(
                            into: UnsafeMutableRawBufferPointer(
                                rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count]),
                            at: range.offset)
                        try file.confirm()
                        got = .success(count)
                    } catch {
                        got = .failure(error)
                    }
                }
                done.resume(
                    returning: got.flatMap { count in
                        count == range.count
                            ? .success([.bytes(bytes)])
                            : .failure(
                                PerigeeError(.stale, "a file ends before its size at its origin"))
                    })
            }
        }
        return try result.get()
    }

    func readNow(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        guard let file = current() else { return false }
        guard file.readNow(into: buffer, at: offset) else {
            return cached().contains { $0.readNow(into: buffer, at: offset) }
        }
        do throws(PerigeeError) {
            if !file.isNetwork { try file.confirm() }
            return true
        } catch {
            return false
        }
    }

    func readBlocking(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(PerigeeError) -> Int {
        // Segments of files are given out for what lies in the cache as a whole alone.
        for file in cached() where file.passthroughDescriptor != nil {
            return try file.readBlocking(into: buffer, at: offset)
        }
        guard let file = current(), !file.isNetwork else {
            throw PerigeeError(
                .originUnavailable, "\(Printable.quoted(name)) is not all on this machine")
        }
        let count = try file.readBlocking(into: buffer, at: offset)
        try file.confirm()
        return count
    }

    // MARK: What is open

    var passthroughDescriptor: Int32? { current()?.passthroughDescriptor }

    var isNetwork: Bool { current()?.isNetwork ?? true }

    var isKnownStale: Bool { state.withLock { $0.gone.count == places.count } }

    func confirm() throws(PerigeeError) {
        let (index, file) = state.withLock { state in
            (state.current, state.current.flatMap { state.opened[$0] })
        }
        guard let index, let file, !file.isNetwork else { return }
        do throws(PerigeeError) {
            try file.confirm()
        } catch {
            note(error, at: index)
            throw error
        }
    }

    func close() {
        let files = state.withLock { state in
            state.isClosed = true
            return Array(state.opened.values)
        }
        for file in files { file.close() }
    }

    private func current() -> (any FileContent)? {
        state.withLock { state in state.current.flatMap { state.opened[$0] } }
    }

    private func cached() -> [CachedFile] {
        state.withLock { state in
            places.indices.compactMap { state.opened[$0] as? CachedFile }
        }
    }

    /// The file at a place, opened where it is not.
    private func file(
        at index: Int, until end: ContinuousClock.Instant
    ) async throws(PerigeeError) -> any FileContent {
        if let known = state.withLock({ $0.opened[index] }) { return known }
        let (place, opener, name, group) = (places[index], opener, name, group)
        let opened = try await Self.until(end, place.root.name) {
            () async throws(PerigeeError) in
            try await opener.open(place, name: name, group: group)
        }
        guard let kept = keep(opened, at: index) else {
            throw PerigeeError(.invalidArgument, "\(Printable.quoted(name)) is closed")
        }
        return kept
    }

    /// Keeps what was opened; nil where the file was closed meanwhile.
    @discardableResult
    private func keep(_ file: any FileContent, at index: Int) -> (any FileContent)? {
        let (kept, isOver) = state.withLock { state -> ((any FileContent)?, Bool) in
            if state.isClosed { return (nil, true) }
            // Another reader may have been quicker.
            if let known = state.opened[index] { return (known, true) }
            state.opened[index] = file
            if state.current == nil { state.current = index }
            return (file, false)
        }
        if isOver { file.close() }
        return kept
    }

    // MARK: Which source

    /// The places that may have it, the one that is read from first, those in trouble last.
    ///
    /// - Parameter asks: whether a place is going to be asked, and not only noted.
    private func order(asks: (Int) -> Bool = { _ in true }) -> [Int] {
        let (current, gone) = state.withLock { ($0.current, $0.gone) }
        var indices = Array(places.indices).filter { gone[$0] == nil }
        if let current, let position = indices.firstIndex(of: current) {
            indices.remove(at: position)
            indices.insert(current, at: 0)
        }
        return opener.watch.order(indices.map { ($0, places[$0].root.name) }, asks: asks)
    }

    /// Tries one place after the other, within the deadline.
    private func trying<Value>(
        _ order: [Int],
        _ body: (Int, ContinuousClock.Instant) async throws(PerigeeError) -> Value
    ) async throws(PerigeeError) -> Value {
        let end = ContinuousClock.now + deadline
        var failures = state.withLock { Array($0.gone.values) }
        var waiting = order.map { (index: $0, isAgain: false) }
        while !waiting.isEmpty {
            let (index, isAgain) = waiting.removeFirst()
            let now = ContinuousClock.now
            guard now < end else { break }
            let isLast = waiting.isEmpty
            do throws(PerigeeError) {
                let value = try await body(
                    index, isLast ? end : now + min((end - now) / 2, Self.patience))
                state.withLock { $0.current = index }
                if !places[index].isRemote { opener.watch.answered(places[index].root.name) }
                return value
            } catch {
                if error.code == .cancelled || error.code == .invalidArgument { throw error }
                note(error, at: index)
                failures.append(error)
                // One that was only given little time gets the rest of it, once the others failed.
                if error.code == .timedOut, !isLast, !isAgain { waiting.append((index, true)) }
            }
        }
        throw Self.telling(failures, name)
    }

    /// Takes what a place failed with into account.
    private func note(_ error: PerigeeError, at index: Int) {
        // What fetches for the cache fail with they have told themselves.
        if !places[index].isRemote || error.code == .timedOut {
            opener.watch.failed(places[index].root.name, error)
        }
        guard !error.isTransient, error.code != .originDenied, error.code != .storageFailed
        else { return }
        state.withLock { state in
            state.gone[index] = error
            if state.current == index { state.current = nil }
        }
        onStale(error)
    }

    /// One error of all: what may be over soon before what is so for good.
    private static func telling(_ failures: [PerigeeError], _ name: [UInt8]) -> PerigeeError {
        let ranks: [PerigeeError.Code] = [
            .originUnavailable, .timedOut, .tooManyOpen, .originDenied, .stale,
        ]
        let found = failures.min { left, right in
            (ranks.firstIndex(of: left.code) ?? ranks.count)
                < (ranks.firstIndex(of: right.code) ?? ranks.count)
        }
        guard let found else {
            return PerigeeError(
                .timedOut, "no source of \(Printable.quoted(name)) answered in time",
                remedy: "check the servers of its sources")
        }
        return PerigeeError(
            found.code, "\(found.message); no other source of it could be read either",
            remedy: found.remedy, cause: found.cause)
    }

    /// Runs `body`, which ends soon after its task is cancelled, until then.
    ///
    /// - Throws: `.timedOut`, and what `body` throws.
    private static func until<Value: Sendable>(
        _ end: ContinuousClock.Instant, _ root: RootName,
        _ body: @escaping @Sendable () async throws(PerigeeError) -> Value
    ) async throws(PerigeeError) -> Value {
        let result = await withTaskGroup(
            of: Result<Value, PerigeeError>?.self, returning: Result<Value, PerigeeError>?.self
        ) { group in
            group.addTask {
                do throws(PerigeeError) { return .success(try await body()) } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(until: end)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // What was opened in the very instant is not lost.
            if first == nil, let late = await group.next() ?? nil, case .success = late {
                return late
            }
            return first
        }
        if let result { return try result.get() }
        throw PerigeeError(
            Task.isCancelled ? .cancelled : .timedOut,
            "the source \(root) did not answer in time", remedy: "check its server")
    }
}
