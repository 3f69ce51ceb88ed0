internal import Catalogue
internal import ControlStore
internal import Glibc
package import VolumeModel

/// What the owner can ask about volumes.
extension Publisher {
    /// An entry in which two states of a volume differ.
    package struct Difference: Hashable, Sendable {
        /// `added`, `removed` or `changed`.
        package let kind: String
        /// Where, as bytes below the volume's root.
        package let path: [UInt8]
        /// File or folder.
        package let entryKind: EntryKind
        /// Bytes in the older state.
        package let oldSize: Int64?
        /// Bytes in the newer one.
        package let newSize: Int64?
    }

    /// Calls `body` for each difference between two states of a volume.
    ///
    /// - Throws: `.notFound` where one of them is not there.
    package func differences(
        of name: VolumeName, from old: RevisionSelector, to new: RevisionSelector,
        _ body: (Difference) -> Void
    ) throws(PerigeeError) {
        let record = try store.volume(named: name)
        let reader = try reader(record)
        let from = try number(old, of: record, reader)
        let to = try number(new, of: record, reader)
        try reader.differences(from: from, to: to) { difference throws(PerigeeError) in
            body(
                Difference(
                    kind: difference.kind.rawValue, path: difference.path,
                    entryKind: difference.entryKind, oldSize: difference.oldSize,
                    newSize: difference.newSize))
        }
    }

    /// A complete candidate that is not published, or nil.
    package func candidate(of name: VolumeName) throws(PerigeeError) -> CandidateFacts? {
        let record = try store.volume(named: name)
        guard let number = record.next, let facts = try candidate(record, number) else {
            return nil
        }
        return CandidateFacts(
            number: number, created: facts.created, files: facts.files, folders: facts.folders,
            bytes: facts.bytes, stateDigest: facts.state, contentDigest: facts.content)
    }

    /// What is known of a candidate.
    package struct CandidateFacts: Hashable, Sendable {
        /// The number it will have.
        package let number: RevisionNumber
        /// When its scan completed.
        package let created: Timestamp
        /// Files, folders and bytes in it.
        package let files: Int64
        package let folders: Int64
        package let bytes: Int64
        /// 32 bytes.
        package let stateDigest: [UInt8]
        /// 32 bytes, where every file has a SHA-256.
        package let contentDigest: [UInt8]?
    }

    /// How many problems of each kind the last scans left in the report.
    package func problemCounts(of name: VolumeName) throws(PerigeeError) -> [ScanProblem.Kind: Int]
    {
        let record = try store.volume(named: name)
        if record.highest == nil, !hasCatalogue(name) { return [:] }
        return try reader(record).problemCounts()
    }

    /// Calls `body` for each problem in the report, by path.
    package func problems(of name: VolumeName, _ body: (ScanProblem) -> Void) throws(PerigeeError) {
        let record = try store.volume(named: name)
        if record.highest == nil, !hasCatalogue(name) { return }
        try reader(record).problems { problem throws(PerigeeError) in body(problem) }
    }

    func hasCatalogue(_ name: VolumeName) -> Bool {
        access(folder.catalogue(for: name), F_OK) == 0
    }

    /// - Throws: as `CatalogueFile.reading` and `CatalogueReader`.
    func reader(_ record: VolumeRecord) throws(PerigeeError) -> CatalogueReader {
        try CatalogueFile.reading(record, in: folder) { path throws(PerigeeError) in
            try CatalogueReader(path: path)
        }
    }

    func number(_ selector: RevisionSelector, of record: VolumeRecord, _ reader: CatalogueReader)
        throws(PerigeeError) -> Int
    {
        switch selector {
        case .current:
            guard let current = record.current else {
                throw PerigeeError(
                    .notFound, "nothing of \(record.name) is published",
                    remedy: "run: perigee volume publish \(record.name)")
            }
            return current.value
        case .pinned(let number):
            guard let highest = record.highest, number <= highest else {
                throw PerigeeError(
                    .notFound, "there is no revision \(record.name)@\(number)",
                    remedy: "`perigee volume show \(record.name)` lists its revisions")
            }
            return number.value
        case .candidate:
            guard let next = record.next, try reader.revision(next.value) != nil else {
                throw PerigeeError(
                    .notFound, "\(record.name) has no candidate",
                    remedy: "run: perigee volume scan \(record.name)")
            }
            return next.value
        }
    }
}
