internal import Catalogue
internal import ControlStore
internal import Origins
package import VolumeModel

extension LocalVolumeService {
    package func openNow(_ entry: Entry, of snapshot: VolumeSnapshot) throws(PerigeeError)
        -> ReadHandle?
    {
        let place = try place(of: entry, snapshot)
        guard !place.root.isNetwork else { return nil }
        try handles.makeSureOfRoom()
        do throws(PerigeeError) {
            let file = try place.root.open(place.path, expecting: place.expected)
            return register(file, entry, snapshot)
        } catch {
            handles.refused(entry, ordinal: snapshot.ordinal, error)
            throw error
        }
    }

    package func open(_ entry: Entry, of snapshot: VolumeSnapshot) async throws(PerigeeError)
        -> ReadHandle
    {
        let place = try place(of: entry, snapshot)
        try handles.makeSureOfRoom()
        do throws(PerigeeError) {
            let file = try await place.root.openWaiting(place.path, expecting: place.expected)
            return register(file, entry, snapshot)
        } catch {
            handles.refused(entry, ordinal: snapshot.ordinal, error)
            throw error
        }
    }

    /// Where a file's bytes are, and what they have to look like.
    private struct Place {
        var root: POSIXRoot
        var path: [UInt8]
        var expected: POSIXRoot.Expected
    }

    private func place(of entry: Entry, _ snapshot: VolumeSnapshot) throws(PerigeeError) -> Place {
        guard entry.kind == .file else {
            throw PerigeeError(
                .isADirectory,
                entry.id == .root
                    ? "\(snapshot.name) is a volume, not a file"
                    : "\(Printable.quoted(entry.name)) is a folder", remedy: "list it instead")
        }
        let control = control()
        let record = try record(of: snapshot)
        guard let source = record.sources.min(by: { $0.priority < $1.priority }),
            let origin = control.root(named: source.root)
        else {
            throw PerigeeError(
                .originUnavailable, "the volume \(record.name) has no source",
                remedy: "add its origin root again")
        }
        let (location, fingerprint) = try read(snapshot) {
            reader, revision throws(PerigeeError) in
            (
                try reader.location(of: entry, revision: revision),
                try reader.fingerprint(of: entry.id, source: source.number)
            )
        }
        guard let location else {
            throw PerigeeError(.notFound, "\(Printable.quoted(entry.name)) is nowhere")
        }
        let slash = [UInt8(ascii: "/")]
        let path =
            location.isBelowRoot || source.subpath.isRoot
            ? location.path : source.subpath.bytes + slash + location.path
        return Place(
            root: try roots.root(origin), path: path,
            expected: POSIXRoot.Expected(
                size: entry.size, modified: fingerprint?.modified ?? entry.modified,
                inode: origin.fingerprint == .sizeModifiedAndInode ? fingerprint?.inode : nil))
    }

    private func register(_ file: OriginFile, _ entry: Entry, _ snapshot: VolumeSnapshot)
        -> ReadHandle
    {
        handles.register(file, entry: entry, ordinal: snapshot.ordinal)
    }
}
