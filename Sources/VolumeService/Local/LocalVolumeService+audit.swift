internal import AccessControl
internal import Catalogue
internal import ControlStore
internal import Dispatch
internal import VolumeModel

extension LocalVolumeService {
    /// Why a file may be read, and who is told of it.
    struct ReadRight: Sendable {
        let granted: GrantedView
        let settings: VolumeSettings
        /// What goes into the audit log when it is opened.
        let access: DataAccess
    }

    /// Decides whether a file may be read, as its class is now. A refusal goes into the audit log.
    ///
    /// - Throws: `.isADirectory`; `.accessDenied` where the principal may see it and not read it;
    ///   `.notFound` where it does not exist for him.
    func authorise(
        _ entry: Entry, _ snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> ReadRight {
        guard entry.kind == .file else {
            throw PerigeeError(
                .isADirectory,
                entry.id == .root
                    ? "\(snapshot.name) is a volume, not a file"
                    : "\(Printable.quoted(entry.name)) is a folder", remedy: "list it instead")
        }
        let record = try record(of: snapshot)
        let (found, decision, granted) = try read(snapshot) { sight throws(PerigeeError) in
            let found = try sight.current(entry)
            return (found, try sight.decision(found ?? entry), sight.granted)
        }
        let isReadable = found?.isReadable ?? false
        let access = DataAccess(
            principal: snapshot.principal, volume: snapshot.name,
            revision: snapshot.selector == .candidate ? nil : snapshot.number,
            path: try path(of: entry, record), frontEnd: frontEnd,
            decision: isReadable ? .read : .denied,
            rule: isReadable ? decision.grant : decision.denyingRule, request: nextRequest())
        if isReadable {
            return ReadRight(granted: granted, settings: record.settings, access: access)
        }
        audit.record(access)
        guard found != nil else {
            throw PerigeeError(.notFound, "\(Printable.quoted(entry.name)) does not exist")
        }
        throw PerigeeError(
            .accessDenied,
            "\(Printable.quoted(entry.name)) in \(snapshot.name) may be seen, and not read",
            remedy: "ask the volume's contact for access")
    }

    /// Enters an open that is going to be.
    ///
    /// - Throws: `.storageFailed` on a volume with `audit: required` where it cannot be written.
    func enterNow(_ right: ReadRight) throws(PerigeeError) {
        if right.settings.isAuditRequired {
            try audit.recordDurably(right.access)
        } else {
            audit.record(right.access)
        }
    }

    /// The same for a caller that must not wait for the disk.
    func enter(_ right: ReadRight) async throws(PerigeeError) {
        guard right.settings.isAuditRequired else {
            audit.record(right.access)
            return
        }
        let result: Result<Void, PerigeeError> = await withCheckedContinuation { done in
            DispatchQueue.global().async { [audit] in
                done.resume(
                    returning: Result { () throws(PerigeeError) in
                        try audit.recordDurably(right.access)
                    })
            }
        }
        try result.get()
    }

    private func path(of entry: Entry, _ record: VolumeRecord) throws(PerigeeError) -> [UInt8] {
        let catalogue = try catalogue(record)
        let above = try catalogue.path(of: entry.parent)
        return above.isEmpty ? entry.name : above + [UInt8(ascii: "/")] + entry.name
    }
}

extension AccessDecision {
    /// The denial that holds the level down, where it is one.
    fileprivate var denyingRule: String? {
        if case .denial(let rule) = cap { rule } else { nil }
    }
}
