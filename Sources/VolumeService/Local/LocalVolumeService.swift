internal import AccessControl
internal import Catalogue
package import ControlStore
package import Logging
internal import Metrics
internal import Origins
internal import Synchronization
package import VolumeModel

/// The volumes of one state folder on this machine.
///
/// Lock order: `recalled`, `state`, then a catalogue pool's own lock; no lock is held while a catalogue or an
/// origin is asked.
package final class LocalVolumeService: VolumeService {
    let folder: StateFolder
    let logger: Logger
    let handles: OpenHandles
    let roots: OriginRoots
    let remotes = RemoteOrigins()
    let cache: NodeCache
    /// Opens files at their sources.
    let opener: SourceOpener
    /// Where this node is, as sources name places; nil: nowhere in particular.
    let zone: String?
    /// How long a call on an origin that can hang may take.
    let originDeadline: Duration
    /// Hashes of leaves of files whose roots are not trusted.
    let leafLists = LeafLists()
    let clock: AccessClock
    let audit: DataAuditLog
    let frontEnd: DataAccess.FrontEnd
    let observers = Observers()
    private let state: Mutex<State>
    private let watch: Mutex<ControlWatch?>
    private let flips: Mutex<FlipWatch?>
    private let requests = Atomic<UInt64>(0)
    /// What was found by paths, and what decided it.
    let recalled = Mutex<[RecallKey: RecalledFile]>([:])
    /// Files that are kept open.
    let shared: SharedFiles

    private struct State {
        /// What control said last.
        var control: ControlSnapshot
        /// Why nothing newer can be read; nil: it can.
        var controlFault: PerigeeError?
        /// Catalogues that have been asked for, by their volume's ordinal.
        var catalogues: [Int: OpenCatalogue] = [:]
        /// INVARIANT: compiled from `control`.
        var views: [ViewKey: GrantedView] = [:]
        /// Whether a view has ended by the clock since front ends were told last.
        var hasFlipped = false
    }

    private struct ViewKey: Hashable {
        let principal: Principal
        let ordinal: Int
        let showing: ShownEntries
    }

    /// Views that are kept; more are forgotten all at once.
    private static let mostViews = 4_096

    /// Opens the state and begins to watch it for what other processes change.
    ///
    /// - Parameters:
    ///   - originDeadline: how long a call on an origin that can hang may take.
    ///   - clock: what release times and the ends of rules are compared with.
    ///   - frontEnd: what asks, for the audit log.
    ///   - zone: where this node is; sources of that zone are asked first.
    ///   - cache: where bytes of other machines are kept; nil: in the state folder's `cache`.
    /// - Throws: what `StateFolder.open()` throws, `.corrupt`, `.newerFormat`, `.storageFailed`.
    package init(
        state folder: StateFolder, originDeadline: Duration = .seconds(30),
        clock: AccessClock = .system, frontEnd: DataAccess.FrontEnd = .command,
        zone: String? = nil, cache: NodeCache? = nil, logger: Logger
    ) throws(PerigeeError) {
        self.zone = zone
        self.originDeadline = originDeadline
        self.folder = folder
        self.logger = logger
        self.clock = clock
        self.frontEnd = frontEnd
        self.cache =
            cache ?? NodeCache(folder: "\(folder.path)/cache", bytes: 1 << 30, logger: logger)
        let lost = Counter(label: MetricNames.auditLost)
        audit = DataAuditLog(folder, now: clock.now) { lost.increment(by: $0) }
        let store = try SQLiteControlStore(folder)
        let control = try store.snapshot()
        state = Mutex(State(control: control))
        watch = Mutex(nil)
        flips = Mutex(nil)
        roots = OriginRoots(deadline: originDeadline)
        opener = SourceOpener(
            roots: roots, remotes: remotes, cache: self.cache, watch: SourceWatch(logger: logger))
        let observers = observers
        handles = OpenHandles(logger: logger) { ordinal, file in
            observers.tell(.stale(ordinal: ordinal, file: file))
        }
        shared = SharedFiles(most: min(1_024, OpenFileLimit.current.files / 4))
        let watching = try ControlWatch(folder, known: control.epoch) { [weak self] change in
            self?.take(change)
        }
        watch.withLock { $0 = watching }
        handles.settling = { [weak self] in
            self?.settleCatalogues()
            self?.shared.sweep()
        }
        let flipping = FlipWatch { [weak self] in self?.dropEndedViews() }
        flips.withLock { $0 = flipping }
    }

    /// Stops watching; what is open stays open.
    package func stop() {
        watch.withLock { watch in
            watch?.cancel()
            watch = nil
        }
        flips.withLock { flips in
            flips?.cancel()
            flips = nil
        }
        shared.closeAll()
        handles.stop()
        audit.stop()
    }

    /// The number of an open, for the audit log.
    func nextRequest() -> UInt64 { requests.add(1, ordering: .relaxed).newValue }

    /// Files that are open now.
    package var openFiles: Int { handles.count }

    private func take(_ change: Result<ControlSnapshot, PerigeeError>) {
        switch change {
        case .failure(let error):
            // Published revisions go on being served: they cannot change.
            logger.error("control store cannot be read", metadata: ["error": "\(error)"])
            state.withLock { $0.controlFault = error }
        case .success(let control):
            // Before anybody is told of a revision every reader has to see it: one that stands
            // before the publish has none of its rows, and would answer with those of the last.
            settleCatalogues()
            state.withLock { state in
                state.control = control
                state.controlFault = nil
                state.views = [:]
                let ordinals = Set(control.volumes.map(\.ordinal))
                state.catalogues = state.catalogues.filter { ordinals.contains($0.key) }
            }
            // After the change, so that nothing found before it comes in behind.
            recalled.withLock { $0.removeAll(keepingCapacity: true) }
            roots.keep(control.roots)
            remotes.keep(control.roots)
            observers.tell(.volumes)
        }
    }

    /// Lets go of read transactions that nobody uses, so that scans can reuse their logs.
    private func settleCatalogues() {
        let pools = state.withLock { $0.catalogues.values.map(\.pool) }
        for pool in pools { pool.settle() }
    }

    package func observe(_ observer: @escaping @Sendable (ServiceChange) -> Void) -> Observation {
        observers.add(observer)
    }

    func control() -> ControlSnapshot { state.withLock(\.control) }

    /// Why changes of the control store are not followed now, so that rules may be out of date; nil
    /// where they are.
    package var controlFault: PerigeeError? { state.withLock(\.controlFault) }

    /// What `principal` may see of a volume now.
    func granted(
        _ record: VolumeRecord, for principal: Principal, showing: ShownEntries
    ) -> GrantedView {
        let now = clock.now()
        let key = ViewKey(principal: principal, ordinal: record.ordinal, showing: showing)
        let (known, control) = state.withLock { ($0.views[key], $0.control) }
        if let known, known.holds(at: now) { return known }
        let made = GrantedView(of: record, for: principal, showing: showing, in: control, at: now)
        state.withLock { state in
            // Not where the rules have changed meanwhile: the next call makes another.
            guard state.control.epoch == control.epoch else { return }
            // Who made it anew first is not who has caches of the old one.
            if known != nil { state.hasFlipped = true }
            if state.views.count >= Self.mostViews { state.views.removeAll() }
            state.views[key] = made
        }
        return made
    }

    /// Whether a view is the one that decides now.
    func isInForce(_ granted: GrantedView, _ snapshot: VolumeSnapshot) -> Bool {
        let key = ViewKey(
            principal: snapshot.principal, ordinal: snapshot.ordinal, showing: snapshot.showing)
        let isLast = state.withLock { $0.views[key] === granted }
        return isLast && granted.holds(at: clock.now())
    }

    /// Lets go of views that have ended by the clock, and tells front ends where there were any.
    func dropEndedViews() {
        let now = clock.now()
        let hasFlipped = state.withLock { state in
            let ended = state.views.filter { !$0.value.holds(at: now) }
            for key in ended.keys { state.views[key] = nil }
            defer { state.hasFlipped = false }
            return state.hasFlipped || !ended.isEmpty
        }
        if hasFlipped { observers.tell(.volumes) }
    }

    /// The record behind a snapshot that was given out earlier.
    ///
    /// - Throws: `.notFound` where it was removed since.
    func record(of snapshot: VolumeSnapshot) throws(PerigeeError) -> VolumeRecord {
        guard let record = control().volume(named: snapshot.name),
            record.ordinal == snapshot.ordinal
        else { throw Self.noVolume(snapshot.name) }
        return record
    }

    /// The open catalogue of a volume.
    ///
    /// - Throws: `.notFound` where nothing has been scanned, `.corrupt`, `.newerFormat`.
    func catalogue(_ record: VolumeRecord) throws(PerigeeError) -> OpenCatalogue {
        if let known = state.withLock({ $0.catalogues[record.ordinal] }) { return known }
        let opened = try CatalogueFile.reading(record, in: folder) { path throws(PerigeeError) in
            try OpenCatalogue(path: path)
        }
        return state.withLock { state in
            // Somebody else may have been quicker.
            if let known = state.catalogues[record.ordinal] { return known }
            state.catalogues[record.ordinal] = opened
            return opened
        }
    }

    /// Runs `body` with what decides about the snapshot's rows.
    ///
    /// - Throws: `.notFound` where the volume was removed or the principal may see nothing of it.
    func read<Result>(
        _ snapshot: VolumeSnapshot, _ body: (EntrySight) throws(PerigeeError) -> Result
    ) throws(PerigeeError) -> Result {
        let record = try record(of: snapshot)
        let granted = granted(record, for: snapshot.principal, showing: snapshot.showing)
        if granted.isClosed { throw Self.noVolume(snapshot.name) }
        return try catalogue(record).pool.read { reader throws(PerigeeError) in
            try body(
                EntrySight(
                    granted: granted, reader: reader, revision: snapshot.number.value,
                    created: snapshot.created))
        }
    }

    static func noVolume(_ name: VolumeName) -> PerigeeError {
        PerigeeError(
            .notFound, "there is no volume \(name)",
            remedy: "`perigee volume ls` lists the volumes")
    }
}

/// A catalogue that is being read.
final class OpenCatalogue: Sendable {
    let pool: CataloguePool
    /// Paths of folders, which they have for ever.
    private let paths = Mutex<[EntryID: [UInt8]]>([:])

    /// Paths that are remembered; more are forgotten all at once.
    private static let remembered = 1 << 16

    init(path: String) throws(PerigeeError) {
        pool = try CataloguePool(path: path)
    }

    /// The path of a folder.
    ///
    /// - Throws: `.corrupt` for a folder that is not in the catalogue.
    func path(of folder: EntryID) throws(PerigeeError) -> [UInt8] {
        if folder == .root { return [] }
        if let known = paths.withLock({ $0[folder] }) { return known }
        let found = try pool.read { reader throws(PerigeeError) in try reader.path(of: folder) }
        guard let found else {
            throw PerigeeError(
                .corrupt, "the folder \(folder) is not in the catalogue",
                remedy: "restore the state folder from a backup")
        }
        paths.withLock { paths in
            if paths.count >= Self.remembered { paths.removeAll() }
            paths[folder] = found
        }
        return found
    }
}
