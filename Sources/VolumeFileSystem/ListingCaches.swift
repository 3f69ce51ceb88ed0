internal import Synchronization

/// What each folder's listing in the callers' caches was made from.
///
/// A folder's node outlives revisions and views, so a listing that was kept is right only while it
/// would be made from the same contents.
final class ListingCaches: Sendable {
    /// Nil where listings of several contents may have been mixed.
    private let filled = Mutex<[Node: FolderContents?]>([:])

    /// A folder is being opened: true where the listing that is kept is of `contents`; else the
    /// caller drops it, and the next one will be.
    func opened(_ node: Node, _ contents: FolderContents) -> Bool {
        filled.withLock { filled in
            if let known = filled[node], known == contents { return true }
            filled[node] = .some(contents)
            return false
        }
    }

    /// Records of `contents` are being handed out. Where that is not what the cache holds (an older
    /// handle goes on listing), the cache may mix both from now on and is not kept at the next open.
    func served(_ node: Node, _ contents: FolderContents) {
        filled.withLock { filled in
            guard let known = filled[node], known != contents else { return }
            filled[node] = .some(nil)
        }
    }

    /// The folder is not known to callers any more, and with it went their cache.
    func forget(_ node: Node) {
        _ = filled.withLock { $0.removeValue(forKey: node) }
    }
}
