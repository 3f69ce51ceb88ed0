internal import Logging
internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// What happens when the service says that something changed.
extension VolumeFileSystem {
    func changed(_ change: ServiceChange) {
        switch change {
        case .volumes:
            refresh()
        case .stale(let ordinal, let file):
            tell([.node(Node(NodeNumber(file: file, volumeOrdinal: ordinal)))])
        }
    }

    /// Tries again what failed when the last change came. To be called now and then.
    package func refreshIfNeeded() {
        if refreshing.withLock({ $0 }) { refresh() }
    }

    private func refresh() {
        let events = refreshing.withLock { failed -> [FileSystemInvalidation] in
            do throws(PerigeeError) {
                let events = try resolveLayout(mustExist: false)
                failed = false
                return events
            } catch {
                failed = true
                logger.error(
                    "Cannot see which revisions are current", metadata: ["error": "\(error)"])
                return []
            }
        }
        tell(events)
    }

    private func tell(_ events: [FileSystemInvalidation]) {
        guard !events.isEmpty, let sink = subscription.withLock({ $0.sink }) else { return }
        sink(events)
    }

    /// Resolves what stands at the root, and every view that nodes were reached through, again.
    ///
    /// - Parameter mustExist: whether a volume that was named and is not there is an error, or just
    ///   not there.
    /// - Returns: what callers must forget.
    /// - Throws: what the service throws; then everything stays as it was.
    @discardableResult
    func resolveLayout(mustExist: Bool) throws(PerigeeError) -> [FileSystemInvalidation] {
        let (before, known) = views.withLock { ($0, $0.known) }
        var listed: [(name: [UInt8], snapshot: VolumeSnapshot)] = []
        var root: (snapshot: VolumeSnapshot, folder: Entry)?
        switch layout {
        case .everyVolume:
            listed = try service.volumes(for: principal, showing: showing)
                .map { (Array($0.name.string.utf8), $0) }
        case .selected(let references):
            for reference in references {
                if let snapshot = try snapshot(of: reference, mustExist: mustExist) {
                    listed.append((reference.name, snapshot))
                }
            }
            listed.sort { $0.name.lexicographicallyPrecedes($1.name) }
        case .atRoot(let reference):
            root = try rootFolder(reference, mustExist: mustExist)
        }
        var others: [VolumeSnapshot] = []
        let present = Set(
            (listed.map(\.snapshot) + (root.map { [$0.snapshot] } ?? [])).map {
                ViewKey(ordinal: $0.ordinal, selector: $0.selector)
            })
        for (name, key) in known where !present.contains(key) {
            if case .pinned = key.selector,
                let snapshot = try existing({ () throws(PerigeeError) in
                    try service.snapshot(
                        of: name, at: key.selector, for: principal, showing: showing)
                }), snapshot.ordinal == key.ordinal
            {
                others.append(snapshot)
            }
        }
        try install(listed: listed, root: root, others: others, known: known.map(\.key))
        return events(since: before)
    }

    private func install(
        listed: [(name: [UInt8], snapshot: VolumeSnapshot)],
        root: (snapshot: VolumeSnapshot, folder: Entry)?, others: [VolumeSnapshot],
        known: [ViewKey]
    ) throws(PerigeeError) {
        let result = views.withLock { views in
            Result { () throws(PerigeeError) in
                var next = views
                var seen: Set<ViewKey> = []
                for snapshot in others {
                    _ = try next.update(snapshot)
                    seen.insert(ViewKey(ordinal: snapshot.ordinal, selector: snapshot.selector))
                }
                var names: [RootName] = []
                for (name, snapshot) in listed {
                    names.append(RootName(name: name, view: try next.update(snapshot)))
                    seen.insert(ViewKey(ordinal: snapshot.ordinal, selector: snapshot.selector))
                }
                next.setNames(names)
                next.rootFolder = nil
                if let root {
                    next.rootFolder = (try next.update(root.snapshot), root.folder)
                    seen.insert(
                        ViewKey(ordinal: root.snapshot.ordinal, selector: root.snapshot.selector))
                }
                // Views that a lookup added meanwhile are not among the known and stay.
                for key in known where !seen.contains(key) { next.hide(key) }
                views = next
            }
        }
        try result.get()
    }

    private func events(since before: ViewTable) -> [FileSystemInvalidation] {
        let after = views.withLock { $0 }
        var changed: Set<Int> = []
        for number in before.known.indices where before.view(number) !== after.view(number) {
            changed.insert(number)
        }
        let sameNames = before.namesVersion == after.namesVersion
        let sameRoot = before.rootFolder?.folder == after.rootFolder?.folder
        guard !changed.isEmpty || !sameNames || !sameRoot else { return [] }
        var names = Set(before.names.filter { changed.contains($0.view.number) }.map(\.name))
        if !sameNames {
            names.formSymmetricDifference(before.names.map(\.name))
            names.formUnion(after.names.map(\.name))
        }
        return [.allNames] + names.map { .name($0) } + [.node(.root)]
            + nodes.folders(of: changed).map { .node($0) } + revocable(in: changed)
    }

    /// Open files that a revocation ends: what is mapped of them has to be asked for again.
    private func revocable(in views: Set<Int>) -> [FileSystemInvalidation] {
        var nodes: Set<Node> = []
        for file in files.values where file.file.isRevocable {
            if let record = self.nodes.record(file.node), views.contains(record.view) {
                nodes.insert(file.node)
            }
        }
        return nodes.map { .revoked($0) }
    }

    private func snapshot(
        of reference: VolumeReference, mustExist: Bool
    ) throws(PerigeeError) -> VolumeSnapshot? {
        let find = { () throws(PerigeeError) in
            try self.service.snapshot(
                of: reference.volume, at: reference.revision, for: self.principal,
                showing: self.showing)
        }
        return mustExist ? try find() : try existing(find)
    }

    private func rootFolder(
        _ reference: VolumeReference, mustExist: Bool
    ) throws(PerigeeError) -> (snapshot: VolumeSnapshot, folder: Entry)? {
        guard let snapshot = try snapshot(of: reference, mustExist: mustExist) else { return nil }
        let path = reference.path ?? .root
        let found =
            path.isRoot
            ? View(number: 0, snapshot: snapshot).root
            : try service.entry(at: path, of: snapshot)
        guard let found, found.kind == .folder else {
            guard mustExist else { return nil }
            throw PerigeeError(
                found == nil ? .notFound : .notADirectory,
                found == nil
                    ? "there is no folder \(reference)" : "\(reference) is a file, not a folder",
                remedy: "name a folder that `perigee ls \(reference.volume)` lists")
        }
        return (snapshot, found)
    }

    private func existing(
        _ find: () throws(PerigeeError) -> VolumeSnapshot
    ) throws(PerigeeError) -> VolumeSnapshot? {
        do throws(PerigeeError) {
            return try find()
        } catch let error where error.code == .notFound {
            return nil
        }
    }
}
