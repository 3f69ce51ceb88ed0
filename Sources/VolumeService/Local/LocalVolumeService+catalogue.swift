internal import Catalogue
internal import ControlStore
internal import Logging
package import VolumeModel

extension LocalVolumeService {
    package func volumes(for principal: Principal) throws(PerigeeError) -> [VolumeSnapshot] {
        var snapshots: [VolumeSnapshot] = []
        for record in control().volumes where sees(principal, record) {
            guard let current = record.current else { continue }
            do throws(PerigeeError) {
                snapshots.append(try snapshot(record, .current, current, principal))
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
        of volume: VolumeName, at selector: RevisionSelector, for principal: Principal
    ) throws(PerigeeError) -> VolumeSnapshot {
        let record = try record(of: volume, for: principal)
        switch selector {
        case .current:
            guard let current = record.current else {
                throw notFound(
                    volume, principal, "nothing of \(volume) is published",
                    remedy: "run: perigee volume publish \(volume)")
            }
            return try snapshot(record, selector, current, principal)
        case .pinned(let number):
            guard let highest = record.highest, number <= highest else {
                throw notFound(
                    volume, principal, "there is no revision \(volume)@\(number)",
                    remedy: "`perigee volume show \(volume)` lists its revisions")
            }
            return try snapshot(record, selector, number, principal)
        case .candidate:
            guard principal == .owner, let next = record.next else { throw Self.noVolume(volume) }
            return try snapshot(record, selector, next, principal)
        }
    }

    /// The reason for somebody who knows the volume; for others the words of a missing one.
    private func notFound(
        _ volume: VolumeName, _ principal: Principal, _ message: String, remedy: String
    ) -> PerigeeError {
        principal == .owner
            ? PerigeeError(.notFound, message, remedy: remedy) : Self.noVolume(volume)
    }

    private func snapshot(
        _ record: VolumeRecord, _ selector: RevisionSelector, _ number: RevisionNumber,
        _ principal: Principal
    ) throws(PerigeeError) -> VolumeSnapshot {
        let facts = try catalogue(record).pool.read { reader throws(PerigeeError) in
            try reader.revision(number.value)
        }
        guard let facts else {
            throw PerigeeError(
                .notFound,
                selector == .candidate
                    ? "\(record.name) has no candidate"
                    : "the catalogue of \(record.name) has no revision \(number)",
                remedy: selector == .candidate
                    ? "run: perigee volume scan \(record.name)"
                    : "restore the state folder from a backup")
        }
        var hash = FramedHash(domain: "perigee.view.1")
        hash.update(UInt64(record.ordinal))
        hash.update(byte: principal == .owner ? 1 : 0)
        return VolumeSnapshot(
            ordinal: record.ordinal, name: record.name, selector: selector, number: number,
            viewID: hash.finalizePrefix(), principal: principal, files: facts.files,
            folders: facts.folders, bytes: facts.bytes, created: facts.created)
    }

    package func lookup(
        _ name: UnsafeRawBufferPointer, in folder: EntryID, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> Entry? {
        try read(snapshot) { reader, revision throws(PerigeeError) in
            try reader.lookup(name, in: folder, revision: revision)
        }
    }

    package func list(
        _ folder: EntryID, of snapshot: VolumeSnapshot, after position: ListPosition?, limit: Int
    ) throws(PerigeeError) -> [Entry] {
        let key = position?.key ?? []
        return try read(snapshot) { reader, revision throws(PerigeeError) in
            try reader.list(folder, after: key, limit: limit, revision: revision)
        }
    }

    package func folder(_ id: EntryID, of snapshot: VolumeSnapshot) throws(PerigeeError) -> Entry? {
        try read(snapshot) { reader, revision throws(PerigeeError) in
            try reader.folder(id, revision: revision)
        }
    }

    package func entry(at path: EntryPath, of snapshot: VolumeSnapshot) throws(PerigeeError)
        -> Entry?
    {
        try read(snapshot) { reader, revision throws(PerigeeError) in
            try reader.entry(at: path, revision: revision)
        }
    }

    package func details(of entry: Entry, in snapshot: VolumeSnapshot) throws(PerigeeError)
        -> EntryDetails
    {
        try read(snapshot) { reader, revision throws(PerigeeError) in
            let above = entry.id == .root ? [] : try reader.path(of: entry.parent) ?? []
            let path =
                entry.id == .root ? EntryPath.root : try EntryPath(above).appending(entry.name)
            let added = entry.id == .root ? nil : try reader.added(entry, revision: revision)
            guard entry.kind == .file else {
                return EntryDetails(
                    path: path, etag: nil, digests: [],
                    added: added.flatMap { RevisionNumber($0) } ?? snapshot.number)
            }
            let known = try reader.digests(of: entry.id)
            return EntryDetails(
                path: path,
                etag: known.tagged.map { ETag($0) }
                    ?? ETag(version: entry.version, size: entry.size),
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
