internal import Synchronization
package import VolumeModel
internal import VolumeService

extension VolumeFileSystem {
    /// Takes one name of a listing.
    ///
    /// Its parameters are the name, valid during the call; the attributes, of `.` and `..` only
    /// their kind and node; the time that name and attributes may be kept, or nil where no lookup
    /// is counted and only the name, number and kind are to be handed on; and the offset behind it.
    /// False says that there is no room for it.
    package typealias Receiver = (
        _ name: UnsafeRawBufferPointer, _ attributes: NodeAttributes, _ lifetime: CacheLifetime?,
        _ next: UInt64
    ) -> Bool

    /// Opens a folder. `keepsCache` says whether what the caller may have kept of its listing is
    /// still right.
    ///
    /// - Throws: `.notADirectory`, `.stale`, and what the service throws.
    package func openFolder(
        _ node: Node
    ) throws(PerigeeError) -> (handle: UInt64, keepsCache: Bool) {
        let source = try source(of: node)
        let keeps = caches.opened(node, source.contents)
        let folder = OpenFolder(node: node, listing: FolderListing(source))
        return (folders.insert(folder), keeps)
    }

    /// The caller closed a folder.
    package func releaseFolder(_ handle: UInt64) { _ = folders.remove(handle) }

    /// The open folder with that number.
    ///
    /// - Throws: `.stale` where there is none.
    package func openFolder(numbered handle: UInt64) throws(PerigeeError) -> OpenFolder {
        guard let folder = folders.find(handle) else { throw Self.vanished }
        return folder
    }

    /// Hands the names behind `offset` to `receive` until it has no room or there are no more.
    ///
    /// Offset 0 starts again, with what the folder holds now; any other goes on with the revision
    /// that the listing began with.
    ///
    /// - Parameter counting: whether each name that is taken counts a lookup of its node.
    /// - Throws: `.stale`, and what the service throws, unless names were taken before.
    package func list(
        _ handle: UInt64, from offset: UInt64, counting: Bool, _ receive: Receiver
    ) throws(PerigeeError) {
        let folder = try openFolder(numbered: handle)
        let restart = offset == 0 ? try source(of: folder.node) : nil
        var walk = Walk(folder: folder.node, counting: counting)
        do throws(PerigeeError) {
            try folder.listing.state.withLock { (state) throws(PerigeeError) in
                if let restart { state.restart(restart) }
                caches.served(folder.node, state.source.contents)
                try list(&state, from: offset, &walk, receive)
            }
        } catch {
            // What was taken is answered first; the error comes back when the rest is asked for.
            guard walk.taken == 0 else { return }
            try sinceGone { () throws(PerigeeError) in throw error }
        }
    }

    /// How far one request came.
    private struct Walk {
        let folder: Node
        let counting: Bool
        var taken = 0
    }

    private func list(
        _ state: inout FolderListing.State, from offset: UInt64, _ walk: inout Walk,
        _ receive: Receiver
    ) throws(PerigeeError) {
        guard dots(from: offset, &walk, receive) else { return }
        var index = offset < 2 ? 0 : FolderListing.index(after: offset)
        let salt = state.source.contents.salt
        switch state.source {
        case .names(let names, _):
            while index < names.count {
                let view = names[index].view
                let next = FolderListing.offset(behind: index, salt: salt)
                guard
                    try take(view.root, names[index].name, view, .volume, next, &walk, receive)
                else { return }
                index += 1
            }
        case .session:
            if index == 0 {
                _ = Self.receiptName.withUnsafeBufferPointer {
                    receive(
                        UnsafeRawBufferPointer($0), Self.ownAttributes(.receipt), nil,
                        FolderListing.offset(behind: 0, salt: salt))
                }
            }
        case .folder(let id, let view):
            // An older listing names what was; nobody may keep that as what is.
            let now = views.withLock { $0.view(view.number) }
            let current = now === view
            state.see(now?.snapshot.viewID)
            while let entry = try state.entry(index, folder: id, view: view, service: service) {
                let next = FolderListing.offset(behind: index, salt: salt)
                guard
                    try take(
                        entry, entry.name, view, current ? .entry : nil, next, &walk, receive)
                else { return }
                index += 1
            }
        }
    }

    private func take(
        _ entry: Entry, _ name: [UInt8], _ view: View, _ lifetime: CacheLifetime?,
        _ next: UInt64, _ walk: inout Walk, _ receive: Receiver
    ) throws(PerigeeError) -> Bool {
        let node = Node(view.snapshot.node(of: entry))
        let shown = attributes(entry, node: node)
        let lifetime = walk.counting ? lifetime : nil
        guard name.withUnsafeBytes({ receive($0, shown, lifetime, next) }) else { return false }
        walk.taken += 1
        if lifetime != nil { try nodes.retain(entry, node: node, view: view.number) }
        return true
    }

    /// `.` and `..`, which have the offsets 1 and 2 whatever the contents; false where there was no
    /// room.
    private func dots(from offset: UInt64, _ walk: inout Walk, _ receive: Receiver) -> Bool {
        let shown = NodeAttributes(
            node: walk.folder, kind: .folder, size: 0, modified: Timestamp(nanoseconds: 0))
        for (position, name) in [".", ".."].enumerated() where offset <= UInt64(position) {
            var name = name
            let taken = name.withUTF8 {
                receive(UnsafeRawBufferPointer($0), shown, nil, UInt64(position + 1))
            }
            guard taken else { return false }
            walk.taken += 1
        }
        return true
    }

    private func source(of node: Node) throws(PerigeeError) -> FolderListing.Source {
        switch try resolve(node) {
        case .names:
            let (names, version) = views.withLock { ($0.names, $0.namesVersion) }
            return .names(names, contents: FolderContents(revision: version, viewID: 0))
        case .folder(let folder):
            _ = try sinceGone { () throws(PerigeeError) in try row(of: folder) }
            return .folder(folder.id, view: folder.view)
        case .session:
            return .session
        case .file, .receipt:
            throw PerigeeError(.notADirectory, "a file holds no names")
        }
    }
}
