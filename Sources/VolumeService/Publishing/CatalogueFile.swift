internal import Catalogue
internal import ControlStore
internal import Glibc
internal import VolumeModel

/// A volume's catalogue as a file of the state folder: whether it is there, and how it is read.
enum CatalogueFile {
    /// Looks before the file is opened, since SQLite takes an empty file for a new database and
    /// says of a missing one only that it cannot be opened.
    ///
    /// - Throws: `.notFound` where nothing has been scanned yet, `.corrupt` where revisions were
    ///   published from a catalogue that is gone or empty now.
    static func check(_ record: VolumeRecord, in folder: StateFolder) throws(PerigeeError) {
        let path = folder.catalogue(for: record.name)
        var status = stat()
        let code = stat(path, &status) == 0 ? 0 : errno
        // What else is wrong with it (rights, its disk) is told by opening it.
        guard code == ENOENT || (code == 0 && status.st_size == 0) else { return }
        guard let highest = record.highest else {
            throw PerigeeError(
                .notFound, "nothing of \(record.name) has been scanned",
                remedy: "run: perigee volume scan \(record.name)")
        }
        throw PerigeeError(
            .corrupt,
            "the catalogue \(Printable.quoted(path)) is \(code == 0 ? "empty" : "gone"), although "
                + "\(record.name) was published up to \(highest)",
            remedy: "restore the state folder from a backup; without one its revisions are lost, "
                + "and the volume is made anew: \(anew(record))")
    }

    /// Opens a catalogue for reading, on a full disk too.
    ///
    /// - Parameter body: takes the name under which SQLite is to open it.
    /// - Throws: as `check` and `body`.
    static func reading<Value>(
        _ record: VolumeRecord, in folder: StateFolder,
        _ body: (String) throws(PerigeeError) -> Value
    ) throws(PerigeeError) -> Value {
        try check(record, in: folder)
        let path = folder.catalogue(for: record.name)
        if FullDisk.isFull(path) { return try body(FullDisk.uri(path)) }
        do throws(PerigeeError) {
            return try body(path)
        } catch {
            guard let cause = error.cause as? SQLiteFailure, cause.code == FullDisk.noSharedMemory
            else { throw error }
            return try body(FullDisk.uri(path))
        }
    }

    /// Refuses to write where there is no room to begin.
    ///
    /// - Throws: `.storageFailed`.
    static func checkRoom(_ record: VolumeRecord, in folder: StateFolder) throws(PerigeeError) {
        let path = folder.catalogue(for: record.name)
        guard FullDisk.isFull(path) else { return }
        throw PerigeeError(
            .storageFailed, "no space is left for the catalogue \(Printable.quoted(path))",
            remedy: "free space on the state folder's disk and run the command again; nothing was "
                + "changed")
    }

    /// The number of a revision never comes to mean other files in a mount that runs: the volume
    /// that is made anew has another ordinal.
    private static func anew(_ record: VolumeRecord) -> String {
        let source = record.sources.min { $0.priority < $1.priority }
        let place = source.map { "\($0.root):\($0.subpath)" } ?? "ROOT:SUBPATH"
        return "perigee volume rm \(record.name), then perigee volume add \(record.name) "
            + "--source \(Printable.escaped(Array(place.utf8))) --reuse-name, then scan and publish"
    }
}
