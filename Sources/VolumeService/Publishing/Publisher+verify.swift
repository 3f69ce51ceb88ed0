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
    /// - Throws: `.notFound`, `.originUnavailable`, `.cancelled`, `.corrupt`.
    package func verify(
        _ name: VolumeName, at selector: RevisionSelector,
        progress: (Verification) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(PerigeeError) -> Verification {
        let record = try store.volume(named: name)
        let reader = try reader(name)
        let revision = try number(selector, of: record, reader)
        guard let source = record.sources.min(by: { $0.priority < $1.priority }) else {
            throw PerigeeError(.conflict, "the volume \(name) has no source")
        }
        let origin = try store.root(named: source.root)
        let path = switch origin.origin { case .posix(let path): path }
        let root = try POSIXRoot(path: path, files: origin.files, locality: .local)
        let checker = RevisionChecker(reader: reader, revision: revision)
        var result = Verification()
        let recorded = try store.revisions(of: name)
            .first { $0.number.value == revision }?.stateDigest
        result.isCatalogueSound = try checker.isSound(recorded: recorded)
        var last = monotonicNanoseconds()
        try checker.files { file, folder throws(PerigeeError) in
            if isCancelled() { throw PerigeeError(.cancelled, "the verification was stopped") }
            result.files += 1
            let now = monotonicNanoseconds()
            if now - last > 100_000_000 {
                last = now
                progress(result)
            }
            let shown = folder.isEmpty ? file.name : folder + [UInt8(ascii: "/")] + file.name
            guard let place = try reader.location(of: file, revision: revision) else {
                result.faults.append(Fault(path: shown, detail: "it is nowhere"))
                return
            }
            let slash = [UInt8(ascii: "/")]
            let real =
                place.isBelowRoot || source.subpath.isRoot
                ? place.path : source.subpath.bytes + slash + place.path
            let fingerprint = try reader.fingerprint(of: file.id, source: source.number)
            let digests = try reader.digests(of: file.id).digests
            let hasher = FileHasher(root: root, algorithms: Set(digests.map(\.algorithm)))
            do throws(PerigeeError) {
                let found = try hasher.hash(
                    real,
                    expecting: POSIXRoot.Expected(
                        size: file.size, modified: fingerprint?.modified ?? file.modified,
                        inode: origin.fingerprint == .sizeModifiedAndInode
                            ? fingerprint?.inode : nil)
                ) { count in
                    result.bytes += Int64(count)
                    return !isCancelled()
                }
                if !digests.isEmpty { result.digested += 1 }
                for digest in digests where found[digest.algorithm] != digest.bytes {
                    result.faults.append(
                        Fault(path: shown, detail: "its content is not that of \(digest)"))
                }
            } catch where error.code == .stale || error.code == .originDenied {
                result.faults.append(Fault(path: shown, detail: "\(error)"))
            }
        }
        return result
    }
}
