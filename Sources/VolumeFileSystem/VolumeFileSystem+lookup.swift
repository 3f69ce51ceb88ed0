internal import Logging
internal import Synchronization
package import VolumeModel
internal import VolumeService

extension VolumeFileSystem {
    /// The entry called `name` in the folder `parent`, or nil where there is none, which may be
    /// kept for the time of an absence. An answer counts one lookup of its node.
    ///
    /// - Throws: `.nameTooLong`, `.notADirectory`, `.stale`, and what the service throws, a denial
    ///   among it: that must not be kept as an absence.
    package func lookup(
        _ name: UnsafeRawBufferPointer, in parent: Node
    ) throws(PerigeeError) -> NodeEntry? {
        guard name.count <= EntryPath.longestSegment else {
            throw PerigeeError(.nameTooLong, "a name has more than 255 bytes")
        }
        if parent == .root, name.elementsEqual(Self.sessionName) { return Self.own(.session) }
        switch try resolve(parent) {
        case .names:
            guard let view = try rootView(Array(name)) else { return nil }
            let node = Node(view.snapshot.node(of: view.root))
            try nodes.retain(view.root, node: node, view: view.number)
            return NodeEntry(attributes: attributes(view.root, node: node), lifetime: .volume)
        case .folder(let folder):
            let snapshot = folder.view.snapshot
            let found = try sinceGone { () throws(PerigeeError) in
                try service.lookup(name, in: folder.id, of: snapshot)
            }
            guard let entry = found else {
                // In a folder that went with a revision nothing is found, but that is no absence.
                _ = try row(of: folder)
                return nil
            }
            let node = Node(snapshot.node(of: entry))
            try nodes.retain(entry, node: node, view: folder.view.number)
            return NodeEntry(attributes: attributes(entry, node: node), lifetime: .entry)
        case .session:
            return name.elementsEqual(Self.receiptName) ? Self.own(.receipt) : nil
        case .file, .receipt:
            throw PerigeeError(.notADirectory, "a file holds no names")
        }
    }

    /// The caller gives lookups of a node back.
    package func forget(_ node: Node, lookups: UInt64) {
        guard node != .root else { return }
        if nodes.release(node, lookups: lookups) { caches.forget(node) }
    }

    /// What `stat` shows of a node that was looked up.
    ///
    /// - Throws: `.stale`, and what the service throws.
    package func attributes(of node: Node) throws(PerigeeError) -> NodeAttributes {
        switch try resolve(node) {
        case .names:
            let latest = views.withLock { views in
                views.names.map(\.view.snapshot.created).max()
            }
            return NodeAttributes(
                node: node, kind: .folder, size: 0,
                modified: latest ?? Timestamp(nanoseconds: 0))
        case .folder(let folder):
            return attributes(
                try sinceGone { () throws(PerigeeError) in try row(of: folder) }, node: node)
        case .file:
            return attributes(try file(node), node: node)
        case .session, .receipt:
            return Self.ownAttributes(node)
        }
    }

    /// A file that was looked up, as the mount's identity may see it now.
    ///
    /// - Throws: `.stale` where it may not any more, or the file is not known.
    private func file(_ node: Node) throws(PerigeeError) -> Entry {
        guard let (entry, number) = nodes.entry(node) else { throw Self.vanished }
        let snapshot = try view(number).snapshot
        let found = try sinceGone { () throws(PerigeeError) in
            try service.current(entry, of: snapshot)
        }
        guard let found else { throw Self.vanished }
        return found
    }

    /// Whether the mount's identity may use a node in that way.
    ///
    /// - Throws: `.readOnly`, `.accessDenied`, `.stale`.
    package func checkAccess(
        of node: Node, read: Bool, write: Bool, execute: Bool
    ) throws(PerigeeError) {
        if write { throw PerigeeError(.readOnly, "the file system is read-only") }
        guard read || execute, case .file = try resolve(node) else { return }
        if execute { throw PerigeeError(.accessDenied, "files are not executable here") }
        guard try file(node).isReadable else {
            throw PerigeeError(.accessDenied, "the file is not open to this mount's identity")
        }
    }

    /// The view behind a name at the root: a listed one, or `VOLUME@rN` where every volume is there.
    private func rootView(_ name: [UInt8]) throws(PerigeeError) -> View? {
        if let view = views.withLock({ $0.view(named: name) }) { return view }
        guard layout == .everyVolume,
            let reference = try? VolumeReference(parsing: String(decoding: name, as: UTF8.self)),
            case .pinned = reference.revision, reference.site == nil, reference.path == nil,
            reference.name == name
        else { return nil }
        do throws(PerigeeError) {
            let snapshot = try service.snapshot(
                of: reference.volume, at: reference.revision, for: principal, showing: showing)
            let result = views.withLock { views in
                Result { () throws(PerigeeError) in try views.update(snapshot) }
            }
            return try result.get()
        } catch let error where error.code == .notFound {
            return nil
        }
    }
}
