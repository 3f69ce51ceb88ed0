internal import Glibc
package import VolumeModel

/// Puts a backup in the place of a state folder, or where there is none.
///
/// The state that was there is moved aside as a whole and nothing of it is mixed with the backup.
/// The restored store is of a new generation, so that keys and tokens hold only once they are
/// renewed: some may have been revoked since. Its epoch is above all that were given before.
package struct StateRestore {
    /// What was done.
    package struct Outcome: Hashable, Sendable {
        /// What was restored.
        package let manifest: BackupManifest
        /// The epoch from now on.
        package let epoch: Epoch
        /// The generation from now on.
        package let generation: Int64
        /// What is open again that was closed.
        package let reopened: [String]
        /// Where the state is that was there before; nil where there was none.
        package let previous: String?
    }

    private let folder: String
    private let state: StateFolder
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - folder: the backup.
    ///   - state: where it is to be put.
    ///   - now: the clock for the event, and by which the epoch is raised.
    package init(
        from folder: String, into state: StateFolder,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.folder = folder
        self.state = state
        self.now = now
    }

    /// Restores, or changes nothing.
    ///
    /// Changes of the state that is there wait until it is done.
    ///
    /// - Parameter accept: whether to go on, given what would be open again that is closed now; not
    ///   asked where that is nothing.
    /// - Throws: `.notFound` where there is no backup, `.corrupt` where it is not what it was,
    ///   `.newerFormat`; `.conflict` where `accept` says no or the place holds something else;
    ///   `.busy` where the state is in use; `.accessDenied`, `.invalidArgument`, `.storageFailed`.
    package func run(accept: ([String]) -> Bool) throws(PerigeeError) -> Outcome {
        let manifest = try BackupManifest(readingFrom: folder)
        let place = try PresentState(state)
        let draft = try StateFolder(path: draftName(of: state.path))
        do throws(PerigeeError) {
            let restored = try unpack(manifest, into: draft)
            return try place.holding { present throws(PerigeeError) in
                try replace(place, present, by: restored, draft, manifest, accept)
            }
        } catch {
            removeDraft(draft.path)
            throw error
        }
    }

    /// Copies the backup into a state folder of its own, and compares every byte.
    private func unpack(
        _ manifest: BackupManifest, into draft: StateFolder
    ) throws(PerigeeError) -> SQLiteControlStore {
        try draft.create()
        for file in manifest.files {
            let content = try FileContent(
                of: "\(folder)/\(file.path)", copying: "\(draft.path)/\(file.path)")
            guard content.bytes == file.bytes, Hex.encode(content.sha256) == file.sha256 else {
                throw PerigeeError(
                    .corrupt,
                    "the file \(Printable.quoted("\(folder)/\(file.path)")) is not the one that"
                        + " was backed up",
                    remedy: "restore from another backup; nothing was changed")
            }
        }
        try syncFolder(of: "\(draft.cataloguesFolder)/x")
        let store = try SQLiteControlStore(draft, now: now)
        for volume in try store.volumes() where volume.highest != nil {
            guard
                manifest.files.contains(where: {
                    $0.path == BackupManifest.catalogueName(volume.name)
                })
            else {
                throw PerigeeError(
                    .corrupt, "the backup has no catalogue of the volume \(volume.name)",
                    remedy: "restore from another backup; nothing was changed")
            }
        }
        return store
    }

    private func replace(
        _ place: PresentState, _ present: PresentState.Content?, by restored: SQLiteControlStore,
        _ draft: StateFolder, _ manifest: BackupManifest, _ accept: ([String]) -> Bool
    ) throws(PerigeeError) -> Outcome {
        var reopened: [String] = []
        switch present {
        case nil: break
        case .known(let snapshot, _, _):
            reopened = ReopenedAccess.lines(
                backup: try restored.snapshot(), present: snapshot, at: now())
        case .unreadable(let error):
            reopened = [
                "what the backup opens cannot be told, since the state that is there cannot be"
                    + " read: \(error.message)"
            ]
        }
        guard reopened.isEmpty || accept(reopened) else {
            throw PerigeeError(
                .conflict,
                "the backup opens what is closed now, in \(reopened.count)"
                    + " \(reopened.count == 1 ? "place" : "places")",
                remedy: "look at the list, and add --accept where that is right; nothing was"
                    + " changed")
        }
        let (epoch, generation) = try restored.beginGeneration(
            after: present, from: manifest, at: now())
        try restored.end()
        let previous = try place.replace(by: draft, at: now())
        return Outcome(
            manifest: manifest, epoch: epoch, generation: generation, reopened: reopened,
            previous: previous)
    }
}
