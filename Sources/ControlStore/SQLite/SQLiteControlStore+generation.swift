internal import GRDB
internal import VolumeModel

extension SQLiteControlStore {
    /// Begins a new life of a restored store: no credential of an earlier one holds, and no epoch is
    /// given a second time, whatever was given since the backup.
    ///
    /// - Parameters:
    ///   - present: the store that it replaces, nil for none.
    ///   - manifest: the backup that it comes from.
    func beginGeneration(
        after present: PresentState.Content?, from manifest: BackupManifest, at now: Timestamp
    ) throws(PerigeeError) -> (epoch: Epoch, generation: Int64) {
        try changing { reader in
            var epoch = max(try reader.epoch().value, now.nanoseconds / 1_000_000_000)
            var generation = try reader.generation()
            var words = "from the backup of \(manifest.made), epoch \(manifest.epoch)"
            switch present {
            case .known(let snapshot, let known, let head):
                epoch = max(epoch, snapshot.epoch.value)
                generation = max(generation, known)
                words +=
                    ", in place of epoch \(snapshot.epoch) with event \(head.sequence)"
                    + " \(Hex.encode(head.hash))"
            case .unreadable: words += ", in place of a state that could not be read"
            case nil: break
            }
            generation += 1
            try reader.execute("UPDATE generation SET value = ?", [generation])
            try reader.execute("UPDATE epoch SET value = ?1, policy = ?1", [epoch + 1])
            try record(reader.db, .restored, "state", "\(words); generation \(generation)")
            return (try reader.epoch(), generation)
        }
    }

    /// Ends the connection; no call may follow.
    func end() throws(PerigeeError) {
        do {
            try queue.close()
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }
}
