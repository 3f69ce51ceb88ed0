package import VolumeModel
internal import VolumeService

extension VolumeFileSystem {
    /// Opens a file where that cannot wait on another machine; nil where it may, so that the caller
    /// goes through `open` off its thread.
    ///
    /// - Throws: `.isADirectory`, `.stale`, and what the service throws.
    package func openNow(_ node: Node) throws(PerigeeError) -> OpenFile? {
        let (entry, snapshot) = try opening(node)
        return try sinceGone { () throws(PerigeeError) in
            try service.openNow(entry, of: snapshot).map {
                OpenFile(node: node, file: $0, snapshot: snapshot)
            }
        }
    }

    /// Opens a file.
    ///
    /// - Throws: as `openNow`, and `.timedOut`.
    package func open(_ node: Node) async throws(PerigeeError) -> OpenFile {
        let (entry, snapshot) = try opening(node)
        do throws(PerigeeError) {
            return OpenFile(
                node: node, file: try await service.open(entry, of: snapshot), snapshot: snapshot)
        } catch let error where error.code == .notFound {
            throw PerigeeError(.stale, error.message, remedy: error.remedy, cause: error)
        }
    }

    /// Gives an open file the number that callers name it by, until `release`, and notes that it was
    /// read.
    package func register(_ file: OpenFile) -> UInt64 {
        opened.note(file.file.entry, file.node, file.snapshot, at: .now)
        return files.insert(file)
    }

    /// The open file with that number.
    ///
    /// - Throws: `.stale` where there is none.
    package func openFile(_ handle: UInt64) throws(PerigeeError) -> OpenFile {
        guard let file = files.find(handle) else { throw Self.vanished }
        return file
    }

    /// The caller closed a file for the last time; nil where it was closed before.
    @discardableResult
    package func release(_ handle: UInt64) -> OpenFile? { files.remove(handle) }

    private func opening(_ node: Node) throws(PerigeeError) -> (Entry, VolumeSnapshot) {
        guard node != .root, node != .session else { throw Self.folder }
        guard let (entry, number) = nodes.entry(node) else { throw Self.vanished }
        guard entry.kind == .file else { throw Self.folder }
        return (entry, try view(number).snapshot)
    }

    private static let folder = PerigeeError(.isADirectory, "a folder has no bytes")
}
