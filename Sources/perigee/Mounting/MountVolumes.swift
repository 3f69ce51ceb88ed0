internal import AccessControl
internal import ControlStore
internal import VolumeModel
internal import VolumeService

/// Whether what `--volume` names can be mounted.
///
/// In a mount, what may not be seen does not exist. Who mounts owns the state, and may know which of
/// both it is, and what to do.
enum MountVolumes {
    /// - Parameter served: opens the volumes; called where there are references.
    /// - Throws: `.invalidArgument` where one is named twice; `.notFound` for a volume or revision
    ///   that is not there, `.conflict` for a volume that is closed to `principal` or of which
    ///   nothing is published.
    static func check(
        _ references: [VolumeReference], for principal: Principal, in control: ControlSnapshot,
        served: () throws(PerigeeError) -> LocalVolumeService
    ) throws(PerigeeError) {
        let named = references.map { "\($0.volume)\($0.revision)" }
        if let twice = named.first(where: { name in named.count { $0 == name } > 1 }) {
            throw PerigeeError(
                .invalidArgument, "\(twice) is named twice", remedy: "give it to --volume once")
        }
        if references.isEmpty { return }
        let service = try served()
        defer { service.stop() }
        // What names another site is refused with the layout.
        for reference in references where reference.site == nil {
            let name = reference.volume
            guard let record = control.volume(named: name) else {
                throw PerigeeError(
                    .notFound, "there is no volume \(name)",
                    remedy: "`perigee volume ls` lists the volumes")
            }
            try check(reference.revision, of: record)
            try check(reference, for: principal, in: service)
        }
    }

    private static func check(
        _ reference: VolumeReference, for principal: Principal, in service: LocalVolumeService
    ) throws(PerigeeError) {
        if reference.revision == .candidate { return }
        do throws(PerigeeError) {
            _ = try service.snapshot(
                of: reference.volume, at: reference.revision, for: principal)
        } catch  where error.code == .notFound {
            throw PerigeeError(
                .conflict, "the volume \(reference.volume) is closed to \(principal)",
                remedy: "open it to anyone with: perigee volume set \(reference.volume) --public; "
                    + "`perigee policy explain` tells what decides")
        }
    }

    private static func check(
        _ revision: RevisionSelector, of record: VolumeRecord
    ) throws(PerigeeError) {
        let name = record.name
        // What is not published is refused with the layout where it is the candidate.
        if revision == .candidate { return }
        guard let highest = record.highest, record.current != nil else {
            throw PerigeeError(
                .conflict, "nothing of \(name) is published",
                remedy: "run: perigee volume scan \(name), then: perigee volume publish \(name)")
        }
        guard case .pinned(let number) = revision, number > highest else { return }
        throw PerigeeError(
            .notFound,
            "there is no revision \(name)@\(number): \(name) is published up to \(highest)",
            remedy: "`perigee volume show \(name)` lists its revisions")
    }
}
