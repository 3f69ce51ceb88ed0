internal import ControlStore
internal import Glibc
internal import VolumeModel

/// Whether a volume's catalogue is there, told apart from one that was never made.
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

    /// The number of a revision never comes to mean other files in a mount that runs: the volume
    /// that is made anew has another ordinal.
    private static func anew(_ record: VolumeRecord) -> String {
        let source = record.sources.min { $0.priority < $1.priority }
        let place = source.map { "\($0.root):\($0.subpath)" } ?? "ROOT:SUBPATH"
        return "perigee volume rm \(record.name), then perigee volume add \(record.name) "
            + "--source \(Printable.escaped(Array(place.utf8))) --reuse-name, then scan and publish"
    }
}
