package import AccessControl
package import VolumeModel

/// Roots, volumes and which revision of each is served, and who may see what.
///
/// Contract:
/// - A call blocks on the disk, and where somebody else writes for up to ten seconds: keep it off
///   event loops and the cooperative pool. It is safe from any number of threads and processes.
/// - A change is one transaction: done and durable when the call returns, not done at all when it
///   throws. After a crash during a call, it is one or the other.
/// - A change raises the epoch and appends one event for each thing it did. A call that changes
///   nothing (`setPublic` to what it is) does neither.
/// - Every call throws `PerigeeError`: besides what stands at each, `.busy` where another writer
///   held the store too long, `.storageFailed` where the disk failed or is full, `.corrupt`.
package protocol ControlStore: CredentialStore {
    /// Everything that servers answer by, read in one transaction.
    func snapshot() throws(PerigeeError) -> ControlSnapshot

    /// Adds a root.
    ///
    /// - Throws: `.conflict` where there is one of that name.
    func addRoot(_ root: OriginRoot) throws(PerigeeError)

    /// The root of that name.
    ///
    /// - Throws: `.notFound`.
    func root(named name: RootName) throws(PerigeeError) -> OriginRoot

    /// All roots, by name in byte order.
    func roots() throws(PerigeeError) -> [OriginRoot]

    /// Changes whether what a root sends is believed.
    ///
    /// - Throws: `.notFound`, `.invalidArgument` for a folder that is not to be believed.
    func setTrust(_ trust: RemoteSettings.Trust, ofRoot name: RootName) throws(PerigeeError)

    /// Removes a root.
    ///
    /// - Throws: `.notFound`, `.conflict` where a volume draws from it.
    func removeRoot(named name: RootName) throws(PerigeeError)

    /// Adds a volume with its sources and, where `root` is given, that root first. Sources are
    /// numbered from 1 as they stand.
    ///
    /// - Parameter isReusing: takes the name of a volume that was published once and removed, so
    ///   that `hst@r1` may come to mean other data.
    /// - Throws: `.conflict` where a volume of that name exists, or was published once and removed
    ///   and `isReusing` is false,
    ///   where a root of the new root's name exists, or where all 4,095 ordinals have been given;
    ///   `.notFound` for a source's root; `.invalidArgument` for no title or no source.
    @discardableResult
    func addVolume(
        _ draft: VolumeDraft, making root: OriginRoot?, reusingName isReusing: Bool
    ) throws(PerigeeError) -> VolumeRecord

    /// The volume of that name.
    ///
    /// - Throws: `.notFound`.
    func volume(named name: VolumeName) throws(PerigeeError) -> VolumeRecord

    /// All volumes, by name in byte order.
    func volumes() throws(PerigeeError) -> [VolumeRecord]

    /// Removes a volume with its sources and revisions; its catalogue is the caller's to delete,
    /// under the catalogue's lock. The ordinal is never given again, nor, once something was
    /// published under it, the name: `hst@r3` must never come to mean something else.
    ///
    /// - Throws: `.notFound`.
    func removeVolume(named name: VolumeName) throws(PerigeeError)

    /// Adds a further source to a volume.
    ///
    /// - Parameter number: its number for good, above those that the volume has. What a catalogue
    ///   may know of that number is of a source that was removed: the caller forgets it before,
    ///   under the catalogue's lock.
    /// - Throws: `.notFound` for the volume or the root; `.conflict` where the volume has that source
    ///   or a higher number; `.invalidArgument` for its zone.
    @discardableResult
    func addSource(
        _ draft: SourceDraft, number: Int, to name: VolumeName
    ) throws(PerigeeError) -> VolumeSource

    /// Removes a source of a volume.
    ///
    /// - Throws: `.notFound` for the volume or the source; `.conflict` for its only one.
    func removeSource(number: Int, from name: VolumeName) throws(PerigeeError)

    /// Says whether anyone may see the volume.
    ///
    /// - Throws: `.notFound`.
    func setPublic(_ isPublic: Bool, volume name: VolumeName) throws(PerigeeError)

    /// The published revisions of a volume, the oldest first.
    ///
    /// - Throws: `.notFound` where there is no such volume.
    func revisions(of name: VolumeName) throws(PerigeeError) -> [RevisionRecord]

    /// Enters a revision and makes it the current one. The caller holds the catalogue's lock, and
    /// the catalogue is durable.
    ///
    /// - Throws: `.notFound`; `.conflict` where its number is not the one after the highest, so
    ///   somebody else published; `.invalidArgument` for digests that are not 32 bytes.
    func publish(_ revision: RevisionRecord) throws(PerigeeError)

    /// Makes a published revision the current one: a rollback, or its undoing.
    ///
    /// - Throws: `.notFound` where there is no such volume or published revision.
    func switchCurrent(
        of name: VolumeName, to number: RevisionNumber
    ) throws(PerigeeError)

    /// Does all of `operations` in one transaction, in their order, or nothing.
    ///
    /// - Parameter epoch: where given, the epoch that the caller decided by.
    /// - Throws: `.conflict` where the store has moved on from `epoch`, so that somebody else
    ///   changed something meanwhile; and what stands at each operation.
    func perform(_ operations: [ControlOperation], at epoch: Epoch?) throws(PerigeeError)

    /// Enters an event of something that changes nothing here and must not go unnoted: the owner
    /// asked in another's name. The epoch stays.
    func note(
        _ action: ControlAction, _ subject: String, _ detail: String
    ) throws(PerigeeError)

    /// The numbers of these classes, which are given to those that have none yet. New numbers raise
    /// the epoch and are no event: a scan brings them, not an administrator.
    ///
    /// - Returns: a number for each, in their order; `.none` for one without attributes and link.
    /// - Throws: `.notFound` for the volume or a link's target class.
    func number(_ classes: [AccessClass], of name: VolumeName) throws(PerigeeError)
        -> [AccessClassID]

    /// What the volume's attributes come from.
    ///
    /// - Throws: `.notFound`.
    func attributeSource(of name: VolumeName) throws(PerigeeError) -> AttributeSource

    /// What was changed after the event of number `sequence` (0: from the start), at most `limit`
    /// events, the oldest first.
    func history(after sequence: Int64, limit: Int) throws(PerigeeError) -> [ControlEvent]

    /// The end of the chain of events, to be noted down where who writes the state cannot.
    func auditHead() throws(PerigeeError) -> AuditHead

    /// Goes through the chain of events from its start.
    ///
    /// Events that were taken from the end, and the chain made anew by somebody who knows how, are
    /// found only against a head that was noted down elsewhere.
    ///
    /// - Parameter hash: such a head's 32 bytes, of now or of any time before.
    func verifyAudit(noted hash: [UInt8]?) throws(PerigeeError) -> AuditVerification
}

extension ControlStore {
    /// Adds a volume whose roots exist.
    ///
    /// - Throws: as `addVolume(_:making:reusingName:)`.
    @discardableResult
    package func addVolume(_ draft: VolumeDraft) throws(PerigeeError) -> VolumeRecord {
        try addVolume(draft, making: nil, reusingName: false)
    }

    /// Adds a volume under a name that was never published.
    ///
    /// - Throws: as `addVolume(_:making:reusingName:)`.
    @discardableResult
    package func addVolume(
        _ draft: VolumeDraft, making root: OriginRoot?
    ) throws(PerigeeError) -> VolumeRecord {
        try addVolume(draft, making: root, reusingName: false)
    }
}
