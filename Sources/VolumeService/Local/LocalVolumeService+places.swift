internal import Catalogue
internal import ControlStore
internal import Origins
internal import VolumeModel

extension LocalVolumeService {
    /// Where a file's bytes are: the places in the order in which they are to be asked, those of this
    /// node's zone first, then by priority, then by number. A source that is not known to have this
    /// version is none of them.
    ///
    /// - Throws: `.originUnavailable` where there is none, `.notFound`.
    func places(
        of entry: Entry, _ snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> [SourcePlace] {
        let control = control()
        let record = try record(of: snapshot)
        if record.sources.count == 1, let source = record.sources.first {
            guard let origin = control.root(named: source.root) else { throw noSource(record) }
            return [try onlyPlace(of: entry, snapshot, source, origin)]
        }
        let ordered = record.orderedSources
        guard let first = ordered.first else { throw noSource(record) }
        let (location, logical, own, known) = try read(snapshot) { sight throws(PerigeeError) in
            let reader = sight.reader
            var known: [Int: SourceKnowledge] = [:]
            for source in ordered {
                known[source.number] = try reader.knowledge(of: entry.id, source: source.number)
            }
            let above = try reader.path(of: entry.parent) ?? []
            return (
                try reader.location(of: entry, revision: sight.revision),
                above.isEmpty ? entry.name : above + [UInt8(ascii: "/")] + entry.name,
                try reader.ownSource(), known
            )
        }
        guard let location else { throw nowhere(entry) }
        // Links are those of the source that was scanned; further ones have files at their names.
        let linked = known[first.number] != nil ? first.number : own
        var unverified: PerigeeError?
        var near: [SourcePlace] = []
        var far: [SourcePlace] = []
        for source in ordered {
            guard let origin = control.root(named: source.root),
                let known = known[source.number]
            else { continue }
            let place: SourcePlace
            do throws(PerigeeError) {
                place = try self.place(
                    of: entry, snapshot, at: source.number == linked ? location : (logical, false),
                    source, origin, known)
            } catch  where error.code == .unverified {
                unverified = error
                continue
            }
            if zone != nil, source.zone == zone { near.append(place) } else { far.append(place) }
        }
        guard !near.isEmpty || !far.isEmpty else {
            if let unverified { throw unverified }
            throw PerigeeError(
                .originUnavailable,
                "no source of \(record.name) is known to have \(Printable.quoted(entry.name))",
                remedy: "scan the volume: `perigee volume scan \(record.name)`")
        }
        return near + far
    }

    private func onlyPlace(
        of entry: Entry, _ snapshot: VolumeSnapshot, _ source: VolumeSource, _ origin: OriginRoot
    ) throws(PerigeeError) -> SourcePlace {
        let (location, known) = try read(snapshot) { sight throws(PerigeeError) in
            (
                try sight.reader.location(of: entry, revision: sight.revision),
                try sight.reader.knowledge(of: entry.id, source: source.number)
            )
        }
        guard let location else { throw nowhere(entry) }
        guard let known else {
            throw PerigeeError(
                .originUnavailable,
                "\(source.root):\(source.subpath) is not known to have "
                    + Printable.quoted(entry.name),
                remedy: "scan and publish the volume again")
        }
        return try place(of: entry, snapshot, at: location, source, origin, known)
    }

    private func place(
        of entry: Entry, _ snapshot: VolumeSnapshot,
        at location: (path: [UInt8], isBelowRoot: Bool),
        _ source: VolumeSource, _ origin: OriginRoot, _ known: SourceKnowledge
    ) throws(PerigeeError) -> SourcePlace {
        let (modified, inode, tag) =
            switch known {
            case .entryItself: (entry.modified, UInt64?.none, String?.none)
            case .fingerprint(let modified, let inode, let tag): (modified, inode, tag)
            }
        let path =
            location.isBelowRoot || source.subpath.isRoot
            ? location.path : source.subpath.bytes + [UInt8(ascii: "/")] + location.path
        return SourcePlace(
            root: origin, path: path,
            version: ObjectVersion(size: entry.size, modified: modified, etag: tag),
            inode: origin.fingerprint == .sizeModifiedAndInode ? inode : nil,
            verification: try verification(of: entry, in: snapshot, from: origin, key: path))
    }

    private func noSource(_ record: VolumeRecord) -> PerigeeError {
        PerigeeError(
            .originUnavailable, "the volume \(record.name) has no source",
            remedy: "add its origin root again")
    }

    private func nowhere(_ entry: Entry) -> PerigeeError {
        PerigeeError(.notFound, "\(Printable.quoted(entry.name)) is nowhere")
    }
}
