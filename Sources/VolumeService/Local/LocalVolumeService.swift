internal import Catalogue
package import ControlStore
package import Logging
internal import Origins
internal import Synchronization
package import VolumeModel

/// The volumes of one state folder on this machine.
///
/// Lock order: `state`, then a catalogue pool's own lock; no lock is held while a catalogue or an
/// origin is asked.
package final class LocalVolumeService: VolumeService {
    let folder: StateFolder
    let logger: Logger
    let handles: OpenHandles
    let roots: OriginRoots
    let observers = Observers()
    private let state: Mutex<State>
    private let watch: Mutex<ControlWatch?>

    private struct State {
        /// What control said last.
        var control: ControlSnapshot
        /// Catalogues that have been asked for, by their volume's ordinal.
        var catalogues: [Int: OpenCatalogue] = [:]
    }

    /// Opens the state and begins to watch it for what other processes change.
    ///
    /// - Parameter originDeadline: how long a call on an origin that can hang may take.
    /// - Throws: what `StateFolder.open()` throws, `.corrupt`, `.newerFormat`, `.storageFailed`.
    package init(
        state folder: StateFolder, originDeadline: Duration = .seconds(30), logger: Logger
    ) throws(PerigeeError) {
        self.folder = folder
        self.logger = logger
        let store = try SQLiteControlStore(folder)
        let control = try store.snapshot()
        state = Mutex(State(control: control))
        watch = Mutex(nil)
        roots = OriginRoots(deadline: originDeadline)
        let observers = observers
        handles = OpenHandles(logger: logger) { ordinal, file in
            observers.tell(.stale(ordinal: ordinal, file: file))
        }
        let watching = try ControlWatch(folder, known: control.epoch) { [weak self] change in
            self?.take(change)
        }
        watch.withLock { $0 = watching }
        handles.settling = { [weak self] in self?.settleCatalogues() }
    }

    /// Stops watching; what is open stays open.
    package func stop() {
        watch.withLock { watch in
            watch?.cancel()
            watch = nil
        }
        handles.stop()
    }

    /// Files that are open now.
    package var openFiles: Int { handles.count }

    private func take(_ change: Result<ControlSnapshot, PerigeeError>) {
        switch change {
        case .failure(let error):
            // Published revisions go on being served: they cannot change.
            logger.error("control store cannot be read", metadata: ["error": "\(error)"])
        case .success(let control):
            // Before anybody is told of a revision every reader has to see it: one that stands
            // before the publish has none of its rows, and would answer with those of the last.
            settleCatalogues()
            state.withLock { state in
                state.control = control
                let ordinals = Set(control.volumes.map(\.ordinal))
                state.catalogues = state.catalogues.filter { ordinals.contains($0.key) }
            }
            roots.keep(control.roots)
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

    /// The record of a volume that `principal` may see something of.
    ///
    /// - Throws: `.notFound`, in the same words whether it is hidden or not there.
    func record(
        of name: VolumeName, for principal: Principal
    ) throws(PerigeeError) -> VolumeRecord {
        guard let record = control().volume(named: name), sees(principal, record) else {
            throw Self.noVolume(name)
        }
        return record
    }

    /// The record behind a snapshot that was given out earlier.
    ///
    /// - Throws: `.notFound` where it was removed or hidden since.
    func record(of snapshot: VolumeSnapshot) throws(PerigeeError) -> VolumeRecord {
        let record = try record(of: snapshot.name, for: snapshot.principal)
        guard record.ordinal == snapshot.ordinal else { throw Self.noVolume(snapshot.name) }
        return record
    }

    /// Whether anything of the volume exists for `principal`.
    func sees(_ principal: Principal, _ record: VolumeRecord) -> Bool {
        switch principal {
        case .owner: true
        case .anyone: record.isPublic
        }
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

    /// Runs `body` with a reader of the snapshot's catalogue, once it is sure that the principal
    /// may still see the volume.
    func read<Result>(
        _ snapshot: VolumeSnapshot,
        _ body: (CatalogueReader, Int) throws(PerigeeError) -> Result
    ) throws(PerigeeError) -> Result {
        let (record, known) = state.withLock { state in
            (state.control.volume(named: snapshot.name), state.catalogues[snapshot.ordinal])
        }
        guard let record, record.ordinal == snapshot.ordinal, sees(snapshot.principal, record)
        else { throw Self.noVolume(snapshot.name) }
        let catalogue: OpenCatalogue
        if let known { catalogue = known } else { catalogue = try self.catalogue(record) }
        return try catalogue.pool.read { reader throws(PerigeeError) in
            try body(reader, snapshot.number.value)
        }
    }

    static func noVolume(_ name: VolumeName) -> PerigeeError {
        PerigeeError(
            .notFound, "there is no volume \(name)",
            remedy: "`perigee volume ls` lists the volumes")
    }
}

/// A catalogue that is being read.
struct OpenCatalogue: Sendable {
    let pool: CataloguePool

    init(path: String) throws(PerigeeError) {
        pool = try CataloguePool(path: path)
    }
}
