internal import AccessControl
internal import Catalogue
internal import ControlStore
package import VolumeModel

/// Putting a volume's entries into classes.
///
/// Classes are known to control before the first row names one, so that a crash in between leaves
/// classes that nothing is in, and never a row of a class that nobody knows. That rows were changed
/// is told to control after they were; until then the catalogue keeps how many, and whoever writes
/// it next tells it.
extension Publisher {
    /// What became of the classes in a scan.
    struct Assignment {
        /// Rows of published revisions, or of the candidate, that were put into another class.
        var changed = 0
        /// Rows of the attribute table that no entry is about; nil where not all were looked at.
        var unused: [AttributeRow]?
    }

    /// Puts the rows into classes that need it after a scan: those of the candidate, or all where
    /// they are stale.
    ///
    /// - Parameters:
    ///   - policy: the volume's, as control has it now.
    ///   - isWhole: all in any case.
    func assignClasses(
        _ writer: CandidateWriter, of record: VolumeRecord, _ policy: VolumePolicy?,
        _ source: AttributeSource, folder: EntryPath, isWhole: Bool,
        isCancelled: @escaping () -> Bool = { false }
    ) throws(PerigeeError) -> Assignment {
        let hash = source.hash(folder: folder)
        let facts = try writer.classFacts()
        let isWhole = isWhole || Self.isStale(facts, hash, source, policy)
        guard isWhole || !source.isEmpty || facts.hasLinks else {
            // All are in the class without attributes, as they were made.
            try writer.setClassSource(hash)
            return Assignment()
        }
        let store = store
        let classes = EntryClasses(source, folder: folder) { classes throws(PerigeeError) in
            try store.number(classes, of: record.name)
        }
        let changed = try writer.assignClasses(isWhole ? .everything : .candidate, from: hash) {
            entries throws(PerigeeError) in
            if isCancelled() {
                throw PerigeeError(
                    .cancelled, "the scan was stopped", remedy: "nothing was changed; run it again")
            }
            return try classes.classes(of: entries)
        }
        return Assignment(changed: changed, unused: isWhole ? classes.unused : nil)
    }

    /// Whether rows may be in other classes than the source calls for: where that has changed, and
    /// where control has forgotten classes since, as one that was restored from a backup has, whose
    /// numbers it would give to others.
    private static func isStale(
        _ facts: ClassFacts, _ hash: UInt64, _ source: AttributeSource, _ policy: VolumePolicy?
    ) -> Bool {
        let highest = policy?.classes.keys.map(\.value).max() ?? 0
        if facts.highest.value > highest { return true }
        return facts.source.map { $0 != hash } ?? (!source.isEmpty || facts.hasLinks)
    }

    /// Tells control of the rows that were put into other classes, once they are durable, and lifts
    /// the hold that waited for them.
    func tellOfClasses(_ writer: CandidateWriter, of name: VolumeName) throws(PerigeeError) {
        let untold = try writer.classFacts().untold
        var operations: [ControlOperation] = []
        if untold > 0 { operations.append(.classesAssigned(name, entries: untold)) }
        if ClassHold.isOn(name, in: try store.snapshot()) { operations.append(ClassHold.off(name)) }
        guard !operations.isEmpty else { return }
        try store.perform(operations, at: nil)
        if untold > 0 { try writer.setClassesTold() }
    }

    /// Puts all entries of a volume into the classes that its attributes call for now, where that is
    /// not so already: what a crash left over, and after a restore. Does nothing where nothing was
    /// scanned yet, since a scan does it by itself.
    ///
    /// - Returns: how many rows were put into another class.
    /// - Throws: `.busy` where another process scans or publishes it, `.conflict` where two rows of
    ///   the attribute table give one entry different values, `.notFound`, `.storageFailed`,
    ///   `.corrupt`; nothing was changed then.
    @discardableResult
    package func assignClassesIfNeeded(_ name: VolumeName) throws(PerigeeError) -> Int {
        guard let pending = try pendingClasses(of: name, by: nil) else { return 0 }
        try commit(pending)
        return pending.changed
    }

    /// Classes that were assigned, and are not in force yet.
    struct PendingClasses {
        let volume: VolumeName
        /// Rows that are put into another class.
        let changed: Int
        fileprivate let lock: CatalogueLock
        fileprivate let writer: CandidateWriter
    }

    /// Assigns the classes of a volume in a transaction that stays open; nil where they are as they
    /// should be.
    ///
    /// - Parameter expressions: what paths tell; nil: what control says.
    /// - Throws: as `assignClassesIfNeeded`.
    func pendingClasses(
        of name: VolumeName, by expressions: [PathExpression]?
    ) throws(PerigeeError) -> PendingClasses? {
        guard try needsClasses(name, by: expressions) else { return nil }
        let lock = try CatalogueLock(name, in: folder)
        // Looked at again under the lock: somebody may have done it a moment ago.
        guard try needsClasses(name, by: expressions) else {
            lock.release()
            return nil
        }
        let record = try store.volume(named: name)
        let source = try Self.source(of: record)
        try CatalogueFile.checkRoom(record, in: folder)
        let origin = try store.root(named: source.root)
        let attributes = try attributes(of: name, by: expressions)
        let writer = try CandidateWriter(
            path: folder.catalogue(for: name), ordinal: record.ordinal,
            highest: record.highest?.value ?? 0,
            options: CandidateWriter.Options(
                source: source.number, fingerprint: origin.fingerprint, computesDigests: false))
        try writer.begin()
        do throws(PerigeeError) {
            let assignment = try assignClasses(
                writer, of: record, nil, attributes, folder: source.subpath, isWhole: true)
            return PendingClasses(
                volume: name, changed: assignment.changed, lock: lock, writer: writer)
        } catch {
            writer.rollback()
            throw error
        }
    }

    /// Puts pending classes in force.
    func commit(_ pending: PendingClasses) throws(PerigeeError) {
        defer { pending.lock.release() }
        do throws(PerigeeError) {
            try pending.writer.commitClasses()
        } catch {
            pending.writer.rollback()
            throw error
        }
        try tellOfClasses(pending.writer, of: pending.volume)
    }

    /// Leaves the classes as they were.
    func discard(_ pending: PendingClasses) {
        pending.writer.rollback()
        pending.lock.release()
    }

    private func needsClasses(
        _ name: VolumeName, by expressions: [PathExpression]?
    ) throws(PerigeeError) -> Bool {
        let snapshot = try store.snapshot()
        guard hasCatalogue(name), let record = snapshot.volume(named: name) else { return false }
        let facts = try reader(record).classFacts()
        if facts.untold > 0 || ClassHold.isOn(name, in: snapshot) { return true }
        let attributes = try attributes(of: name, by: expressions)
        let folder = try Self.source(of: record).subpath
        return Self.isStale(
            facts, attributes.hash(folder: folder), attributes, snapshot.policy.volumes[name])
    }

    private func attributes(
        of name: VolumeName, by expressions: [PathExpression]?
    ) throws(PerigeeError) -> AttributeSource {
        var source = try store.attributeSource(of: name)
        if let expressions { source.expressions = expressions }
        return source
    }

    /// The source that is scanned.
    ///
    /// - Throws: `.conflict` where the volume has none.
    static func source(of record: VolumeRecord) throws(PerigeeError) -> VolumeSource {
        guard let source = record.sources.min(by: { $0.priority < $1.priority }) else {
            throw PerigeeError(.conflict, "the volume \(record.name) has no source")
        }
        return source
    }
}
