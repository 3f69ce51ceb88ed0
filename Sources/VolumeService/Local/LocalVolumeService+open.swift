internal import AccessControl
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
        // What waits for a disk of ours must not hold up a thread that serves others either.
        guard !right.settings.isAuditRequired else { return nil }
        let places = try places(of: entry, snapshot)
        if places.count > 1 { return try openNow(places, entry, snapshot, right, isKept: isKept) }
        let place = places[0]
        guard !place.isRemote else { return nil }
        let root = try roots.root(place.root)
        guard !root.isNetwork else { return nil }
        try handles.makeSureOfRoom()
        try enterNow(right)
        do throws(PerigeeError) {
            let file = try root.open(place.path, expecting: place.expected)
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
        let places = try places(of: entry, snapshot)
        try handles.makeSureOfRoom()
        try await enter(right)
        do throws(PerigeeError) {
            if places.count == 1 {
                let file = try await opener.open(
                    places[0], name: entry.name, group: snapshot.name.string)
                return register(file, entry, snapshot, right)
            }
            let file = mirrored(places, entry, snapshot)
            try await file.open()
            return register(file, entry, snapshot, right)
        } catch {
            handles.refused(entry, ordinal: snapshot.ordinal, error)
            throw error
        }
    }

    /// Whether bytes of a volume can lie on another machine.
    package func isRemote(_ snapshot: VolumeSnapshot) throws(PerigeeError) -> Bool {
        let control = control()
        return try record(of: snapshot).sources.contains {
            control.root(named: $0.root)?.origin.isRemote ?? false
        }
    }

    /// The same for a file with several sources: nil unless the first one to be asked is a folder of
    /// this machine with the file.
    private func openNow(
        _ places: [SourcePlace], _ entry: Entry, _ snapshot: VolumeSnapshot, _ right: ReadRight,
        isKept: Bool
    ) throws(PerigeeError) -> ReadHandle? {
        guard let first = places.first, !first.isRemote, let root = try? roots.root(first.root),
            !root.isNetwork
        else { return nil }
        try handles.makeSureOfRoom()
        // Where that fails `open` goes through them all, and enters the open.
        guard let found = try? root.open(first.path, expecting: first.expected) else { return nil }
        let file = mirrored(places, entry, snapshot)
        file.begin(with: found, at: 0)
        do throws(PerigeeError) { try enterNow(right) } catch {
            file.close()
            throw error
        }
        let handle = register(file, entry, snapshot, right)
        return isKept && handle.mayKeepPages
            ? shared.keep(handle, file, ordinal: snapshot.ordinal) : handle
    }

    private func mirrored(
        _ places: [SourcePlace], _ entry: Entry, _ snapshot: VolumeSnapshot
    ) -> MirroredFile {
        let ordinal = snapshot.ordinal
        return MirroredFile(
            places, name: entry.name, group: snapshot.name.string, opener: opener,
            deadline: originDeadline
        ) { [weak handles] error in handles?.refused(entry, ordinal: ordinal, error) }
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

    private func register(
        _ file: any FileContent, _ entry: Entry, _ snapshot: VolumeSnapshot, _ right: ReadRight
    ) -> ReadHandle {
        handles.register(
            file, entry: entry, ordinal: snapshot.ordinal,
            authorise: right.settings.isRevocationHard
                ? checkAtEachRead(entry, snapshot, right) : nil)
    }
}
