internal import AccessControl
internal import Catalogue
package import ControlStore
package import VolumeModel

/// Whether the catalogues hold what control has published from them.
extension Publisher {
    /// How many faults of one kind are told of one catalogue.
    private static let most = 20

    /// What is wrong with the volumes' catalogues; nothing where they are sound.
    ///
    /// It reads the files while they are in use, and changes nothing.
    ///
    /// - Parameters:
    ///   - isQuick: believes the digests that stand in a catalogue, instead of making them anew from
    ///     the rows of each revision.
    ///   - progress: told what is looked at.
    ///   - isCancelled: asked between two revisions.
    /// - Throws: what reading the control store throws, `.cancelled`; everything that is wrong with
    ///   a catalogue is a fault.
    package func check(
        isQuick: Bool, progress: (String) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(PerigeeError) -> [StateFault] {
        let snapshot = try store.snapshot()
        var faults: [StateFault] = []
        for record in snapshot.volumes {
            if record.highest == nil, !hasCatalogue(record.name) { continue }
            progress("\(record.name)")
            do throws(PerigeeError) {
                let revisions = try store.revisions(of: record.name)
                let reader = try reader(record)
                let classes = snapshot.policy.volumes[record.name]?.classes ?? [:]
                faults += try check(
                    record, reader, classes: Set(classes.keys).union([AccessClassID.none]))
                for revision in revisions {
                    if isCancelled() { throw PerigeeError(.cancelled, "the check was interrupted") }
                    progress("\(record.name)@\(revision.number)")
                    faults += try check(revision, reader, isQuick: isQuick)
                    reader.settle()
                }
                if !isQuick {
                    faults += try checkLeaves(of: record, reader, isCancelled: isCancelled)
                }
            } catch {
                guard error.code != .cancelled else { throw error }
                faults.append(
                    StateFault(
                        store: "\(record.name)", detail: error.message,
                        remedy: error.remedy ?? Self.restoring))
            }
        }
        return faults
    }

    private func check(
        _ record: VolumeRecord, _ reader: CatalogueReader, classes: Set<AccessClassID>
    ) throws(PerigeeError) -> [StateFault] {
        var faults = try reader.integrityFaults(limit: Self.most).map { line in
            StateFault(
                store: "\(record.name)", detail: "the catalogue is damaged: \(line)",
                remedy: Self.restoring)
        }
        if let ordinal = try reader.ordinal(), ordinal != record.ordinal {
            faults.append(
                StateFault(
                    store: "\(record.name)",
                    detail: "the catalogue is that of another volume, number \(ordinal), not"
                        + " \(record.ordinal)", remedy: Self.restoring))
        }
        let unknown = try reader.classes().subtracting(classes).count
        if unknown > 0 {
            faults.append(
                StateFault(
                    store: "\(record.name)",
                    detail: "entries have \(unknown) classes that control does not know, so nobody"
                        + " sees them",
                    remedy: "put them into their classes again: perigee volume scan \(record.name)")
            )
        }
        reader.settle()
        return faults
    }

    private func check(
        _ revision: RevisionRecord, _ reader: CatalogueReader, isQuick: Bool
    ) throws(PerigeeError) -> [StateFault] {
        let name = "\(revision.volume)@\(revision.number)"
        func fault(_ detail: String) -> StateFault {
            StateFault(
                store: "\(revision.volume)", detail: "\(name) \(detail)", remedy: Self.restoring)
        }
        guard let facts = try reader.revision(revision.number.value) else {
            return [fault("was published and is not in the catalogue")]
        }
        var faults: [StateFault] = []
        if facts.state != revision.stateDigest {
            faults.append(fault("has another state digest than was published"))
        }
        if let content = revision.contentDigest, facts.content != content {
            faults.append(fault("has another content digest than was published"))
        }
        let isAlike =
            facts.files == revision.files && facts.folders == revision.folders
            && facts.bytes == revision.bytes
        if !isAlike { faults.append(fault("has other counts than were published")) }
        if !isQuick, faults.isEmpty {
            let checker = RevisionChecker(reader: reader, revision: revision.number.value)
            if try !checker.isSound(recorded: revision.stateDigest) {
                faults.append(fault("has rows that do not give the digest that was published"))
            }
        }
        return faults
    }

    /// Whether the hashes of leaves in the side file are there, and give their digests.
    private func checkLeaves(
        of record: VolumeRecord, _ reader: CatalogueReader, isCancelled: () -> Bool
    ) throws(PerigeeError) -> [StateFault] {
        var faults: [StateFault] = []
        var last: EntryID?
        while faults.count < Self.most {
            let places = try reader.leafPlaces(after: last, limit: 256)
            guard let end = places.last?.place.file else { break }
            last = end
            for (digest, place) in places {
                if isCancelled() { throw PerigeeError(.cancelled, "the check was interrupted") }
                do throws(PerigeeError) {
                    _ = try LeafFile.leaves(
                        at: place, catalogue: folder.catalogue(for: record.name), of: digest)
                } catch {
                    faults.append(
                        StateFault(
                            store: "\(record.name)", detail: error.message,
                            remedy: error.remedy ?? Self.restoring))
                    // The same would be said of every file.
                    if error.code == .notFound { return faults }
                }
                if faults.count >= Self.most { break }
            }
        }
        reader.settle()
        return faults
    }

    private static let restoring =
        "restore a backup (`perigee restore`), into another folder first if only this is needed"
}
