internal import Catalogue
internal import ControlStore
internal import Origins
package import VolumeModel

/// Checking a revision against its origin and against itself.
extension Publisher {
    /// What a verification found.
    package struct Verification: Hashable, Sendable {
        /// Files that were compared.
        package var files = 0
        /// Bytes that were read.
        package var bytes: Int64 = 0
        /// Files whose content was compared with a digest.
        package var digested = 0
        /// Files that are not what was published, each with what is the matter.
        package var faults: [Fault] = []
        /// Whether the catalogue's rows give the state digest that was published.
        package var isCatalogueSound = true
    }

    /// A file that is not what was published.
    package struct Fault: Hashable, Sendable {
        /// Where, as bytes below the volume's root.
        package let path: [UInt8]
        /// What is the matter.
        package let detail: String
    }

    /// Reads every file of a revision, and compares it with its digests where there are any.
    ///
    /// - Parameter stallLimit: how long the origin may take to answer anything at all.
    /// - Throws: `.notFound`, `.originUnavailable`, `.cancelled`, `.corrupt`.
    package func verify(
        _ name: VolumeName, at selector: RevisionSelector, stallLimit: Duration = .seconds(60),
        progress: (Verification) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(PerigeeError) -> Verification {
        let record = try store.volume(named: name)
        let reader = try reader(record)
        let revision = try number(selector, of: record, reader)
        guard let source = record.sources.min(by: { $0.priority < $1.priority }) else {
            throw PerigeeError(.conflict, "the volume \(name) has no source")
        }
        let origin = try store.root(named: source.root)
        let path = try origin.folder()
        let root = try POSIXRoot(path: path, files: origin.files, locality: .local)
        let checker = RevisionChecker(reader: reader, revision: revision)
        let recorded = try store.revisions(of: name)
            .first { $0.number.value == revision }?.stateDigest
        return try withoutActuallyEscaping(progress) { progress throws(PerigeeError) in
            let verifier = Verifier(
                root: root, stallLimit: stallLimit, report: progress, isCancelled: isCancelled)
            defer { verifier.close() }
            verifier.result.isCatalogueSound = try checker.isSound(recorded: recorded)
            try checker.files { file, folder throws(PerigeeError) in
                let shown =
                    folder.isEmpty ? file.name : folder + [UInt8(ascii: "/")] + file.name
                guard let place = try reader.location(of: file, revision: revision) else {
                    verifier.result.faults.append(Fault(path: shown, detail: "it is nowhere"))
                    return
                }
                let real =
                    place.isBelowRoot || source.subpath.isRoot
                    ? place.path : source.subpath.bytes + [UInt8(ascii: "/")] + place.path
                let known = try reader.fingerprint(of: file.id, source: source.number)
                try verifier.add(
                    Verifier.Job(
                        shown: shown, path: real,
                        expected: POSIXRoot.Expected(
                            size: file.size, modified: known?.modified ?? file.modified,
                            inode: origin.fingerprint == .sizeModifiedAndInode ? known?.inode : nil),
                        digests: try reader.digests(of: file.id).digests,
                        leafSize: try reader.tree(of: file.id)?.digest.leafSize))
            }
            try verifier.finish()
            return verifier.result
        }
    }
}
