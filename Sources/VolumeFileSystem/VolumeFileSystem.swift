package import AccessControl
package import Logging
internal import Synchronization
package import VolumeModel
package import VolumeService

/// Volumes as a tree of numbered nodes, without a kernel.
///
/// Calls may come from any number of threads and do not wait on an origin, but for `open`. Lock
/// order: `refreshing`, then one open folder's listing, then any other. The first two may be held
/// while the service is asked for rows; the others for a few instructions and one at a time. Nobody
/// is told of a change while a lock is held.
package final class VolumeFileSystem: Sendable {
    // Dependencies and constants.
    let service: any VolumeService
    let principal: Principal
    let layout: MountLayout
    let showing: ShownEntries
    let logger: Logger
    let started = Timestamp.now

    // Shared state.
    let nodes = NodeTable()
    let views = Mutex(ViewTable())
    let caches = ListingCaches()
    let files = HandleTable<OpenFile>()
    let folders = HandleTable<OpenFolder>()
    /// What was opened since the start, and receipts of it that are open.
    let opened = ReadList()
    let receipts = HandleTable<Receipt>()
    /// Serialises resolving what "current" means; true where the last attempt failed.
    let refreshing = Mutex(false)
    /// Told of what callers must forget, and the subscription behind it.
    let subscription = Mutex(Subscription())

    struct Subscription: Sendable {
        var sink: (@Sendable ([FileSystemInvalidation]) -> Void)?
        var observation: Observation?
    }

    /// Resolves the layout.
    ///
    /// - Parameter showing: whether what can be seen and not read has a name.
    /// - Throws: `.notFound` where a volume, revision or folder that was named is not there,
    ///   `.notADirectory`, `.invalidArgument`, and what the service throws.
    package init(
        service: any VolumeService, principal: Principal, layout: MountLayout,
        showing: ShownEntries = .listed, logger: Logger
    ) throws(PerigeeError) {
        try layout.check()
        self.service = service
        self.principal = principal
        self.layout = layout
        self.showing = showing
        self.logger = logger
        try resolveLayout(mustExist: true)
    }

    /// Begins to tell `sink`, on threads of the service's, what callers must forget.
    package func start(_ sink: @escaping @Sendable ([FileSystemInvalidation]) -> Void) {
        subscription.withLock { $0.sink = sink }
        // Not the other way round: the service must not keep a file system alive that was stopped.
        let observation = service.observe { [weak self] change in self?.changed(change) }
        subscription.withLock { $0.observation = observation }
        // What changed between the layout's resolution and the subscription.
        changed(.volumes)
    }

    /// Stops telling and closes what is open. Reads under way keep their file until they end.
    package func stop() {
        let observation = subscription.withLock { subscription in
            defer { subscription = Subscription() }
            return subscription.observation
        }
        observation?.cancel()
        _ = files.removeAll()
        _ = folders.removeAll()
        _ = receipts.removeAll()
    }

    /// Files that are open.
    package var openFiles: Int { files.count }

    /// Nodes that callers know, beside the root.
    package var knownNodes: Int { nodes.count }

    /// Lookups that callers have not given back.
    package var heldLookups: UInt64 { nodes.lookups }

    /// Files and folders that the file system shows, and their bytes.
    package func totals() -> FileSystemTotals {
        let shown = views.withLock { views in
            views.rootFolder.map { [$0.view] } ?? views.names.map(\.view)
        }
        var nodes: UInt64 = 1
        var bytes: Int64 = 0
        for view in shown {
            nodes += UInt64(max(view.snapshot.files, 0)) + UInt64(max(view.snapshot.folders, 0))
            bytes.add(bytes: max(view.snapshot.bytes, 0))
        }
        return FileSystemTotals(nodes: nodes, bytes: UInt64(bytes))
    }
}
