package import AccessControl
internal import Catalogue
internal import ControlStore
internal import Origins
internal import Synchronization
package import VolumeModel

/// Finding and opening by a path, again and again: what was found is remembered as long as nothing
/// that decided it has changed.
extension LocalVolumeService {
    package func recall(
        _ path: [UInt8], in volume: VolumeName, at selector: RevisionSelector,
        for principal: Principal
    ) -> RecalledFile? {
        let key = RecallKey(
            principal: principal, volume: volume, selector: selector, path: path)
        guard let known = recalled.withLock({ $0[key] }), let granted = known.granted else {
            return nil
        }
        // The very view that decided, still in force: it is made anew with every change.
        return isInForce(granted, known.snapshot) ? known : nil
    }

    package func find(
        _ path: EntryPath, in volume: VolumeName, at selector: RevisionSelector,
        for principal: Principal
    ) throws(PerigeeError) -> RecalledFile? {
        let epoch = control().epoch
        let snapshot = try snapshot(of: volume, at: selector, for: principal)
        let record = try record(of: snapshot)
        let (found, granted, rule) = try read(snapshot) { sight throws(PerigeeError) in
            guard let found = try sight.reader.entry(at: path, revision: sight.revision),
                found.kind == .file, let entry = try sight.shown(found)
            else { return (nil as FoundFile?, sight.granted, nil as String?) }
            let known = try sight.reader.digests(of: entry.id)
            let file = FoundFile(
                entry: entry, digests: known.digests,
                etag: ETag(of: entry, digest: known.tagged))
            return (file, sight.granted, try sight.decision(entry).grant)
        }
        guard let found else { return nil }
        let settings = record.settings
        let isPlain =
            found.entry.isReadable && !settings.isAuditRequired && !settings.isRevocationHard
        let made = RecalledFile(
            snapshot, found, granted: granted,
            access: isPlain
                ? DataAccess(
                    principal: principal, volume: volume, revision: snapshot.number,
                    path: path.bytes, frontEnd: frontEnd, decision: .read, rule: rule, request: 0)
                : nil)
        let key = RecallKey(
            principal: principal, volume: volume, selector: selector, path: path.bytes)
        recalled.withLock { recalled in
            // What was found under the rules and revisions of before is not for those who come.
            guard control().epoch == epoch else { return }
            if recalled.count >= Self.mostRecalled { recalled.removeAll(keepingCapacity: true) }
            recalled[key] = made
        }
        return made
    }

    package func openAgain(_ file: RecalledFile) -> ReadHandle? {
        guard file.access != nil, let granted = file.granted, isInForce(granted, file.snapshot)
        else { return nil }
        return shared.handle(file.file.entry, ordinal: file.snapshot.ordinal)
    }

    package func noteOpened(_ file: RecalledFile) {
        guard var access = file.access else { return }
        access.request = nextRequest()
        audit.record(access)
    }

    package func openNow(_ file: RecalledFile) throws(PerigeeError) -> ReadHandle? {
        if let handle = openAgain(file) {
            noteOpened(file)
            return handle
        }
        let entry = file.file.entry
        guard file.access != nil else { return try openNow(entry, of: file.snapshot) }
        return try openNow(entry, of: file.snapshot, isKept: true)
    }

    /// Files that are remembered, each of a path and who asked; more are forgotten all at once.
    private static let mostRecalled = 1 << 15
}
