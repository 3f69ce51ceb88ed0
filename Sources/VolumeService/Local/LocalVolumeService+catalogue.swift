package import AccessControl
internal import Catalogue
internal import ControlStore
internal import Logging
package import VolumeModel

extension LocalVolumeService {
    package func volumes(
        for principal: Principal, showing: ShownEntries
    ) throws(PerigeeError) -> [VolumeSnapshot] {
        var snapshots: [VolumeSnapshot] = []
        for record in control().volumes {
            guard let current = record.current else { continue }
            do throws(PerigeeError) {
                let found = try snapshot(record, .current, current, principal, showing)
                if let found { snapshots.append(found) }
            } catch
                where error.code == .notFound || error.code == .corrupt
                || error.code == .newerFormat
            {
                // One catalogue that cannot be read takes no other volume away.
                logger.error(
                    "volume left out: its catalogue cannot be read",
                    metadata: ["volume": "\(record.name)", "error": "\(error)"])
            }
        }
        return snapshots
    }

    package func snapshot(
        of volume: VolumeName, at selector: RevisionSelector, for principal: Principal,
        showing: ShownEntries
    ) throws(PerigeeError) -> VolumeSnapshot {
        guard let record = control().volume(named: volume) else { throw Self.noVolume(volume) }
        let number: RevisionNumber
        switch selector {
        case .current:
            guard let current = record.current else {
                throw notFound(
                    record, principal, "nothing of \(volume) is published",
                    remedy: "run: perigee volume publish \(volume)")
            }
            number = current
        case .pinned(let pinned):
            guard let highest = record.highest, pinned <= highest else {
                throw notFound(
                    record, principal, "there is no revision \(volume)@\(pinned)",
                    remedy: "`perigee volume show \(volume)` lists its revisions")
            }
            number = pinned
        case .candidate:
            guard principal == .owner, let next = record.next else { throw Self.noVolume(volume) }
            number = next
        }
        let found: VolumeSnapshot?
        do throws(PerigeeError) {
            found = try snapshot(record, selector, number, principal, showing)
        } catch  where principal != .owner && error.code == .notFound {
            throw Self.noVolume(volume)
        }
        guard let found else { throw Self.noVolume(volume) }
        return found
    }

    /// The reason for the owner; for others the words of a missing volume, which are the same
    /// whatever it is that is hidden.
    private func notFound(
        _ record: VolumeRecord, _ principal: Principal, _ message: String, remedy: String
    ) -> PerigeeError {
        principal == .owner
            ? PerigeeError(.notFound, message, remedy: remedy) : Self.noVolume(record.name)
    }

    /// One state of a volume, or nil where its root does not exist for the principal.
    private func snapshot(
        _ record: VolumeRecord, _ selector: RevisionSelector, _ number: RevisionNumber,
        _ principal: Principal, _ showing: ShownEntries
    ) throws(PerigeeError) -> VolumeSnapshot? {
        let granted = granted(record, for: principal, showing: showing)
        if granted.isClosed { return nil }
        let found = try catalogue(record).pool.read { reader throws(PerigeeError) in
            let facts = try reader.revision(number.value)
            guard let facts else { return (nil as RevisionFacts?, true) }
            let sight = EntrySight(
                granted: granted, reader: reader, revision: number.value, created: facts.created)
            return (facts, try sight.isRootVisible())
        }
        guard found.1 else { return nil }
        guard let facts = found.0 else {
            throw PerigeeError(
                .notFound,
                selector == .candidate
                    ? "\(record.name) has no candidate"
                    : "the catalogue of \(record.name) has no revision \(number)",
                remedy: selector == .candidate
                    ? "run: perigee volume scan \(record.name)"
                    : "restore the state folder from a backup")
        }
        let isWhole = granted.isWhole
        return VolumeSnapshot(
            ordinal: record.ordinal, name: record.name, selector: selector, number: number,
            viewID: granted.id, principal: principal, showing: showing,
            files: isWhole ? facts.files : 0, folders: isWhole ? facts.folders : 0,
            bytes: isWhole ? facts.bytes : 0, created: facts.created)
    }

    package func lookup(
        _ name: UnsafeRawBufferPointer, in folder: EntryID, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> Entry? {
        try read(snapshot) { sight throws(PerigeeError) in
            let found = try sight.reader.lookup(name, in: folder, revision: sight.revision)
            guard let found else { return nil }
            return try sight.shown(found)
        }
    }

    package func list(
        _ folder: EntryID, of snapshot: VolumeSnapshot, after position: ListPosition?, limit: Int
    ) throws(PerigeeError) -> [Entry] {
        var key = position?.key ?? []
        return try read(snapshot) { sight throws(PerigeeError) in
            var shown: [Entry] = []
            while true {
                let wanted = limit - shown.count
                // Where few are shown, pages of a few rows would cost a query each.
                let size = shown.isEmpty ? wanted : max(wanted, 256)
                let page = try sight.reader.list(
                    folder, after: key, limit: size, revision: sight.revision)
                let seen = try sight.shown(page, in: folder)
                shown += seen.prefix(wanted)
                guard shown.count < limit, page.count == size, let last = page.last else {
                    return shown
                }
                key = last.key
            }
        }
    }

    package func folder(_ id: EntryID, of snapshot: VolumeSnapshot) throws(PerigeeError) -> Entry? {
        try read(snapshot) { sight throws(PerigeeError) in
            guard let found = try sight.reader.folder(id, revision: sight.revision) else {
                return nil
            }
            if id == .root { return try sight.isRootVisible() ? found : nil }
            return try sight.shown(found)
        }
    }

    package func entry(at path: EntryPath, of snapshot: VolumeSnapshot) throws(PerigeeError)
        -> Entry?
    {
        try read(snapshot) { sight throws(PerigeeError) in
            guard let found = try sight.reader.entry(at: path, revision: sight.revision) else {
                return nil
            }
            if found.id == .root { return try sight.isRootVisible() ? found : nil }
            return try sight.shown(found)
        }
    }

    package func current(
        _ file: Entry, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> Entry? {
        try read(snapshot) { sight throws(PerigeeError) in try sight.current(file) }
    }

    package func details(of entry: Entry, in snapshot: VolumeSnapshot) throws(PerigeeError)
        -> EntryDetails
    {
        try read(snapshot) { sight throws(PerigeeError) in
            let reader = sight.reader
            let isThere =
                entry.id == .root
                ? try sight.isRootVisible() : try sight.current(entry) != nil
            guard isThere else {
                if entry.id == .root { throw Self.noVolume(snapshot.name) }
                throw PerigeeError(.notFound, "\(Printable.quoted(entry.name)) does not exist")
            }
            let above = entry.id == .root ? [] : try reader.path(of: entry.parent) ?? []
            let path =
                entry.id == .root ? EntryPath.root : try EntryPath(above).appending(entry.name)
            let added =
                entry.id == .root ? nil : try reader.added(entry, revision: sight.revision)
            guard entry.kind == .file else {
                return EntryDetails(
                    path: path, etag: nil, digests: [],
                    added: added.flatMap { RevisionNumber($0) } ?? snapshot.number)
            }
            let known = try reader.digests(of: entry.id)
            return EntryDetails(
                path: path,
                etag: ETag(of: entry, digest: known.tagged),
                digests: known.digests,
                added: added.flatMap { RevisionNumber($0) } ?? snapshot.number)
        }
    }
}

extension ListPosition {
    fileprivate var key: [UInt8] {
        kind == .folder ? name + [UInt8(ascii: "/")] : name
    }
}
