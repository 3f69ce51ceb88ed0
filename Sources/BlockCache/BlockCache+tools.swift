internal import Synchronization

/// What the command line does with a cache; each call goes through the folder and blocks.
extension BlockCache {
    /// The objects that lie in the folder, in no order; those that cannot be read are left out.
    package func objects() -> [StoredObject] {
        FolderWalk(core: core).objects().compactMap {
            StoredObject(at: core.folder.paths(of: $0))
        }
    }

    /// What `verify` has found.
    package struct Verification: Hashable, Sendable {
        /// Objects looked at.
        package var objects = 0
        /// Blocks that were compared with their CRC.
        package var blocks = 0
        /// Bytes of those.
        package var bytes = 0
        /// Blocks that were bad and have been dropped.
        package var badBlocks = 0
        /// Objects whose files could not be used.
        package var unreadable = 0

        /// Nothing was looked at.
        package init() {}
    }

    /// Compares every block with its CRC, and drops those that are bad.
    ///
    /// - Parameter isCancelled: asked between blocks.
    package func verify(isCancelled: () -> Bool = { false }) -> Verification {
        var found = Verification()
        for name in FolderWalk(core: core).objects() where !isCancelled() {
            found.objects += 1
            guard let id = StoredObject.id(at: core.folder.paths(of: name)), id.fileName == name
            else {
                found.unreadable += 1
                continue
            }
            let object = SharedObject(id, core: core)
            object.openFiles(isUse: false)
            guard let files = object.state.withLock({ $0.files }) else {
                found.unreadable += 1
                continue
            }
            for block in 0..<object.geometry.count where !isCancelled() {
                guard object.state.withLock({ $0.blocks[block].contains(.present) }) else {
                    continue
                }
                found.blocks += 1
                found.bytes += object.geometry.bytes(of: block).count
                found.badBlocks += object.check(block..<block + 1, in: files)
            }
        }
        return found
    }

    /// Removes the objects that `isWanted` names. Those that are open go on being read by those who
    /// have them open.
    ///
    /// - Returns: how many were removed, and the bytes that they took.
    package func evict(matching isWanted: (StoredObject) -> Bool) -> (objects: Int, bytes: Int64) {
        var removed: (objects: Int, bytes: Int64) = (0, 0)
        for object in objects() where isWanted(object) {
            core.folder.paths(of: object.name).unlink()
            core.index.withQueue { queue in
                if let key = ObjectKey(object.name) { queue.remove(key) }
            }
            removed.objects += 1
            removed.bytes += object.bytesOnDisk
        }
        return removed
    }
}
