internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// How a node is turned into something that the service knows.
extension VolumeFileSystem {
    /// A folder of a volume and the view it is reached through.
    struct ResolvedFolder {
        let view: View
        let id: EntryID
    }

    enum Resolved {
        /// The folder of volumes.
        case names
        case folder(ResolvedFolder)
        case file(NodeRecord)
        /// The folder of what the mount tells of itself.
        case session
        /// The list of what was read.
        case receipt
    }

    /// - Throws: `.stale` for a node that is not known, or whose volume is not there any more.
    func resolve(_ node: Node) throws(PerigeeError) -> Resolved {
        if node == .root {
            guard case .atRoot = layout else { return .names }
            guard let root = views.withLock({ $0.rootFolder }) else {
                throw PerigeeError(.notFound, "the mounted folder is not there at present")
            }
            return .folder(ResolvedFolder(view: root.view, id: root.folder.id))
        }
        if node == .session { return .session }
        if node == .receipt { return .receipt }
        guard let record = nodes.record(node) else { throw Self.vanished }
        guard record.kind == .folder else { return .file(record) }
        return .folder(ResolvedFolder(view: try view(record.view), id: node.entry))
    }

    /// What the view with that number shows at present.
    ///
    /// - Throws: `.stale` where that is nothing.
    func view(_ number: Int) throws(PerigeeError) -> View {
        guard let view = views.withLock({ $0.view(number) }) else { throw Self.vanished }
        return view
    }

    /// The row of a folder as its view has it now.
    ///
    /// - Throws: `.stale` where the view does not have it: the caller asks for the path again, and
    ///   learns there whether the name is gone or leads elsewhere.
    func row(of folder: ResolvedFolder) throws(PerigeeError) -> Entry {
        if folder.id == .root { return folder.view.root }
        guard let entry = try service.folder(folder.id, of: folder.view.snapshot) else {
            throw Self.vanished
        }
        return entry
    }

    /// Runs a call about a node that was found before: what is not there now has gone since.
    func sinceGone<Value>(
        _ body: () throws(PerigeeError) -> Value
    ) throws(PerigeeError) -> Value {
        do throws(PerigeeError) {
            return try body()
        } catch let error where error.code == .notFound {
            throw PerigeeError(.stale, error.message, remedy: error.remedy, cause: error)
        }
    }

    static let vanished = PerigeeError(.stale, "the file or folder is not there any more")

    func attributes(_ entry: Entry, node: Node) -> NodeAttributes {
        NodeAttributes(
            node: node, kind: entry.kind, size: entry.kind == .file ? entry.size : 0,
            modified: entry.modified, isReadable: entry.isReadable)
    }
}
