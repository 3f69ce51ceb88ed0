internal import GRDB
internal import Glibc
package import VolumeModel

/// A copy of everything that a state folder knows, made while it is in use.
///
/// Control is copied first and the catalogues after it: a catalogue that is newer than control has
/// revisions that control does not know, which the next scan takes back, while one that is older
/// would lack what control has published. Keys are not in it: they are outside of the state.
package enum StateBackup {
    /// How often it begins anew where volumes are removed meanwhile.
    private static let attempts = 5

    /// Makes a backup.
    ///
    /// It is made under another name and renamed when it is whole, so that half of one is never
    /// taken for a backup.
    ///
    /// - Parameters:
    ///   - folder: a folder that does not exist yet or is empty; the one above it exists.
    ///   - now: the clock that it takes its time from.
    /// - Throws: what opening the state throws; `.conflict` where `folder` holds something,
    ///   `.invalidArgument` where it lies in the state, `.corrupt`, `.busy`, `.storageFailed`.
    package static func make(
        of state: StateFolder, in folder: String, now: () -> Timestamp = { .now }
    ) throws(PerigeeError) -> BackupManifest {
        let store = try SQLiteControlStore(state)
        let target = try freePlace(folder, for: state)
        let draft = draftName(of: target)
        for path in [draft, "\(draft)/catalogues"] where mkdir(path, 0o700) != 0 {
            throw storageFailed(path, errno)
        }
        do throws(PerigeeError) {
            for _ in 0..<attempts {
                let made = now()
                if let manifest = try copy(state, store, to: draft, at: made) {
                    try manifest.write(into: draft)
                    try syncFolder(of: "\(draft)/catalogues/x")
                    guard rename(draft, target) == 0 else { throw unplaced(target, errno) }
                    try syncFolder(of: target)
                    return manifest
                }
            }
            throw PerigeeError(
                .busy, "volumes were removed all the while that the backup was made",
                remedy: "try again")
        } catch {
            removeDraft(draft)
            throw error
        }
    }

    /// Copies everything once; nil where a volume was removed meanwhile.
    private static func copy(
        _ state: StateFolder, _ store: SQLiteControlStore, to draft: String, at made: Timestamp
    ) throws(PerigeeError) -> BackupManifest? {
        for name in try folderNames("\(draft)/catalogues") {
            unlink("\(draft)/catalogues/\(name)")
        }
        let control = "\(draft)/\(BackupManifest.controlName)"
        unlink(control)
        var formats = [try DatabaseCopy.make(of: state.controlPath, at: control)]
        let copied = try ControlCopy(path: control)
        var names = [BackupManifest.controlName]
        for volume in copied.volumes {
            let source = state.catalogue(for: volume.name)
            guard fileExists(source) else {
                if volume.highest == nil { continue }
                guard try copied.areStill(in: store) else { return nil }
                throw PerigeeError(
                    .corrupt, "the catalogue \(Printable.quoted(source)) is gone",
                    remedy: "`perigee check` tells what to do; keep the backups that there are")
            }
            names.append(BackupManifest.catalogueName(volume.name))
            formats.append(try DatabaseCopy.make(of: source, at: "\(draft)/\(names.last!)"))
            guard let side = try sideFile(of: volume.name, in: draft) else { continue }
            guard try copySideFile(side, of: volume.name, state, to: draft) else { return nil }
            names.append(side.name)
            formats.append(formats.last!)
        }
        guard try copied.areStill(in: store) else { return nil }
        try copied.addNewClasses(of: store)
        try copied.close()
        var files: [BackupManifest.File] = []
        for (name, format) in zip(names, formats) {
            try syncFile("\(draft)/\(name)")
            let content = try FileContent(of: "\(draft)/\(name)")
            files.append(
                .init(
                    path: name, format: format, bytes: content.bytes,
                    sha256: Hex.encode(content.sha256)))
        }
        return BackupManifest(
            made: made, epoch: copied.epoch, head: copied.head, files: files)
    }

    /// The side file that the catalogue in a folder, a copy or the state's own, refers to, or nil.
    private static func sideFile(
        of volume: VolumeName, in folder: String
    ) throws(PerigeeError) -> (name: String, generation: Int64)? {
        let path = "\(folder)/\(BackupManifest.catalogueName(volume))"
        do {
            // Whoever only reads leaves a log behind that he found none of; the last who writes takes
            // it away.
            let catalogue = try DatabaseQueue(path: path)
            let found = try catalogue.inDatabase { db in
                guard try db.tableExists("meta") else { return nil as Int64? }
                return try Int64.fetchOne(
                    db, sql: "SELECT value FROM meta WHERE key = 'leaves_generation'")
            }
            try catalogue.close()
            return found.map { (BackupManifest.sideFileName(volume, generation: $0), $0) }
        } catch {
            throw PerigeeError(
                SQLiteFailure.translated(error, path: path).code,
                "the catalogue \(Printable.quoted(path)) cannot be read", cause: error)
        }
    }

    /// Copies a side file, which is only added to: what was added since the catalogue was copied is
    /// not referred to by the copy.
    ///
    /// - Returns: false where a scan has put another in its place meanwhile.
    /// - Throws: `.corrupt` where it is gone, `.storageFailed`.
    private static func copySideFile(
        _ side: (name: String, generation: Int64), of volume: VolumeName, _ state: StateFolder,
        to draft: String
    ) throws(PerigeeError) -> Bool {
        let source = "\(state.path)/\(side.name)"
        do throws(PerigeeError) {
            _ = try FileContent(of: source, copying: "\(draft)/\(side.name)")
            return true
        } catch {
            guard !fileExists(source) else { throw error }
            if try sideFile(of: volume, in: state.path)?.generation != side.generation {
                return false
            }
            throw PerigeeError(
                .corrupt, "the side file \(Printable.quoted(source)) is gone",
                remedy: "make it anew: perigee volume scan \(volume) --digest tree")
        }
    }

    /// The real path of a folder that is not there or empty.
    private static func freePlace(
        _ folder: String, for state: StateFolder
    ) throws(PerigeeError) -> String {
        let target = try RealPath.resolve(folder)
        guard try !state.holds(target) else {
            throw PerigeeError(
                .invalidArgument, "the backup \(Printable.quoted(target)) would lie in the state",
                remedy: "name a folder outside of it, on another disk at best")
        }
        if fileExists(target) {
            guard try folderNames(target).isEmpty else {
                throw PerigeeError(
                    .conflict, "the folder \(Printable.quoted(target)) is not empty",
                    remedy: "name a folder that does not exist yet, or an empty one")
            }
        } else if !fileExists(parent(of: target)) {
            throw PerigeeError(
                .notFound, "there is no folder \(Printable.quoted(parent(of: target)))",
                remedy: "make it, and see that the disk that it should be on is mounted")
        }
        return target
    }

    private static func unplaced(_ target: String, _ code: Int32) -> PerigeeError {
        PerigeeError(
            .storageFailed, "the backup cannot be put at \(Printable.quoted(target))",
            remedy: "name a folder that does not exist yet", cause: SystemError(code))
    }
}

/// Makes a file's content durable.
///
/// - Throws: `.storageFailed`.
func syncFile(_ path: String) throws(PerigeeError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw storageFailed(path, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw storageFailed(path, errno) }
}
