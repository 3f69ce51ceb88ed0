internal import AccessControl
internal import BlockCache
internal import Catalogue
internal import ControlStore
internal import Origins
internal import Synchronization
package import VolumeModel

extension LocalVolumeService {
    package func openNow(_ entry: Entry, of snapshot: VolumeSnapshot) throws(PerigeeError)
        -> ReadHandle?
    {
        try openNow(entry, of: snapshot, isKept: false)
    }

    /// - Parameter isKept: whether the file stays open for a while for those who come next.
    func openNow(
        _ entry: Entry, of snapshot: VolumeSnapshot, isKept: Bool
    ) throws(PerigeeError) -> ReadHandle? {
        let right = try authorise(entry, snapshot)
        guard case .folder(let place) = try place(of: entry, snapshot) else { return nil }
        // What waits for a disk of ours must not hold up a thread that serves others either.
        guard !place.root.isNetwork, !right.settings.isAuditRequired else { return nil }
        try handles.makeSureOfRoom()
        try enterNow(right)
        do throws(PerigeeError) {
            let file = try place.root.open(place.path, expecting: place.expected)
            let handle = register(file, entry, snapshot, right)
            // What may be rewritten in place, or taken back, is opened anew each time.
            return isKept && handle.mayKeepPages
                ? shared.keep(handle, file, ordinal: snapshot.ordinal) : handle
        } catch {
            handles.refused(entry, ordinal: snapshot.ordinal, error)
            throw error
        }
    }

    package func open(_ entry: Entry, of snapshot: VolumeSnapshot) async throws(PerigeeError)
        -> ReadHandle
    {
        let right = try authorise(entry, snapshot)
        let place = try place(of: entry, snapshot)
        try handles.makeSureOfRoom()
        try await enter(right)
        do throws(PerigeeError) {
            switch place {
            case .folder(let place):
                let file = try await place.root.openWaiting(place.path, expecting: place.expected)
                return register(file, entry, snapshot, right)
            case .remote(let place):
                return register(try await open(place, entry, snapshot), entry, snapshot, right)
            }
        } catch {
            handles.refused(entry, ordinal: snapshot.ordinal, error)
            throw error
        }
    }

    /// What a handle asks at each read on a volume whose revocations end what is open: nothing where
    /// the rules and the time are those of the last answer.
    private func checkAtEachRead(
        _ entry: Entry, _ snapshot: VolumeSnapshot, _ right: ReadRight
    ) -> @Sendable () throws(PerigeeError) -> Void {
        let last = Checked(right.granted)
        return { [weak self] () throws(PerigeeError) in
            // A service that has gone answers for nothing.
            guard let self else { throw Self.noVolume(snapshot.name) }
            let record = try self.record(of: snapshot)
            let granted = self.granted(
                record, for: snapshot.principal, showing: snapshot.showing)
            if last.view.withLock({ $0 === granted }) { return }
            do throws(PerigeeError) {
                let again = try self.authorise(entry, snapshot)
                last.view.withLock { $0 = again.granted }
            } catch  where error.code == .notFound {
                // Whoever has it open knows that it is there.
                throw PerigeeError(
                    .accessDenied,
                    "the right to read \(Printable.quoted(entry.name)) was taken back",
                    remedy: "ask the volume's contact for access")
            }
        }
    }

    /// The view by which a handle was found right last.
    private final class Checked: Sendable {
        let view: Mutex<GrantedView>

        init(_ view: GrantedView) { self.view = Mutex(view) }
    }

    /// Where a file's bytes are, and what they have to look like.
    private enum Place {
        case folder(FolderPlace)
        case remote(RemotePlace)
    }

    private struct FolderPlace {
        var root: POSIXRoot
        var path: [UInt8]
        var expected: POSIXRoot.Expected
    }

    private struct RemotePlace {
        var root: OriginRoot
        var key: [UInt8]
        var version: ObjectVersion
    }

    private func open(
        _ place: RemotePlace, _ entry: Entry, _ snapshot: VolumeSnapshot
    ) async throws(PerigeeError) -> CachedFile {
        let blocks = try blocks(
            of: entry, in: snapshot, from: place.root, key: place.key, version: place.version)
        let object = try await cache.cache().open(
            CachedObjectID(
                root: place.root.cacheIdentity, key: place.key, version: blocks.pin,
                size: place.version.size),
            source: blocks.source, group: snapshot.name.string)
        return CachedFile(object, name: entry.name)
    }

    private func place(of entry: Entry, _ snapshot: VolumeSnapshot) throws(PerigeeError) -> Place {
        let control = control()
        let record = try record(of: snapshot)
        guard let source = record.sources.min(by: { $0.priority < $1.priority }),
            let origin = control.root(named: source.root)
        else {
            throw PerigeeError(
                .originUnavailable, "the volume \(record.name) has no source",
                remedy: "add its origin root again")
        }
        let (location, fingerprint) = try read(snapshot) { sight throws(PerigeeError) in
            (
                try sight.reader.location(of: entry, revision: sight.revision),
                try sight.reader.fingerprint(of: entry.id, source: source.number)
            )
        }
        guard let location else {
            throw PerigeeError(.notFound, "\(Printable.quoted(entry.name)) is nowhere")
        }
        let slash = [UInt8(ascii: "/")]
        let path =
            location.isBelowRoot || source.subpath.isRoot
            ? location.path : source.subpath.bytes + slash + location.path
        let modified = fingerprint?.modified ?? entry.modified
        if origin.origin.isRemote {
            return .remote(
                RemotePlace(
                    root: origin, key: path,
                    version: ObjectVersion(
                        size: entry.size, modified: modified, etag: fingerprint?.tag)))
        }
        return .folder(
            FolderPlace(
                root: try roots.root(origin), path: path,
                expected: POSIXRoot.Expected(
                    size: entry.size, modified: modified,
                    inode: origin.fingerprint == .sizeModifiedAndInode ? fingerprint?.inode : nil)))
    }

    private func register(
        _ file: any FileContent, _ entry: Entry, _ snapshot: VolumeSnapshot, _ right: ReadRight
    ) -> ReadHandle {
        handles.register(
            file, entry: entry, ordinal: snapshot.ordinal,
            authorise: right.settings.isRevocationHard
                ? checkAtEachRead(entry, snapshot, right) : nil)
    }
}

extension OriginRoot {
    /// What tells its objects from those of every other root, on this node: where they are, so that
    /// two states and a root that was added again find the same bytes.
    package var cacheIdentity: String {
        "\(origin) at \(remote?.endpoint ?? remote?.region ?? "")"
    }
}
