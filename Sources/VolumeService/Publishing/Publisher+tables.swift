package import AccessControl
internal import ControlStore
package import VolumeModel

/// The tables of an archive: attributes of entries, and release times of classes.
extension Publisher {
    /// What came of a new table of release times.
    package struct ReleaseChange: Hashable, Sendable {
        /// Rows in it.
        package let rows: Int
        /// Rows about what the table before had no row about, and the other way round.
        package let added: Int
        package let removed: Int
        /// Rows with other times than before.
        package let changed: Int
        /// Rows about what no class of the volume has.
        package let unused: Int
    }

    /// Replaces a volume's table of release times. In force at once in all revisions; the same table
    /// once more changes nothing.
    ///
    /// - Parameter isForced: also where it takes more than a tenth of the rows away.
    /// - Throws: `.notFound`; `.conflict` where it takes so many away, or where somebody else changed
    ///   the store meanwhile; nothing was changed then.
    package func setReleases(
        _ rows: [ReleaseRow], of name: VolumeName, isForced: Bool = false
    ) throws(PerigeeError) -> ReleaseChange {
        let snapshot = try store.snapshot()
        guard snapshot.volume(named: name) != nil else {
            throw PerigeeError(
                .notFound, "there is no volume \(name)", remedy: "`perigee volume ls` lists them")
        }
        let policy = snapshot.policy.volumes[name] ?? VolumePolicy()
        let before = Dictionary(
            policy.releases.map { (ReleaseTarget($0), $0) }, uniquingKeysWith: { first, _ in first }
        )
        let after = Set(rows.map(ReleaseTarget.init))
        let removed = before.keys.count { !after.contains($0) }
        if !isForced {
            try Self.checkShrinking(
                removed, of: before.count, "the release times of \(name)",
                command: "perigee volume release-dates \(name)")
        }
        try store.perform([.setReleases(name, rows)], at: snapshot.epoch)
        var used: Set<ReleaseTarget> = []
        for accessClass in policy.classes.values {
            for (key, value) in accessClass.attributes {
                used.insert(ReleaseTarget(key: key, value: value))
            }
        }
        return ReleaseChange(
            rows: rows.count, added: rows.count { before[ReleaseTarget($0)] == nil },
            removed: removed,
            changed: rows.count { row in before[ReleaseTarget(row)].map { $0 != row } ?? false },
            unused: rows.count { !used.contains(ReleaseTarget($0)) })
    }

    /// What a volume's attributes come from, once the scan is through.
    ///
    /// - Throws: `.conflict` where the options' table takes more than a tenth of the rows away.
    func attributes(
        of name: VolumeName, _ options: ScanOptions
    ) throws(PerigeeError) -> AttributeSource {
        var source = try store.attributeSource(of: name)
        guard let rows = options.attributes else { return source }
        if !options.allowsFewerAttributes {
            let target = { (row: AttributeRow) in [row.pattern.text, row.key.string] }
            let kept = Set(rows.map(target))
            try Self.checkShrinking(
                source.rows.count { !kept.contains(target($0)) }, of: source.rows.count,
                "the attributes of \(name)", command: "perigee volume scan \(name)")
        }
        source.rows = rows
        return source
    }

    /// Refuses a table that takes more than a tenth of the rows away: more often one that was cut
    /// short than one that is meant so.
    private static func checkShrinking(
        _ removed: Int, of count: Int, _ table: String, command: String
    ) throws(PerigeeError) {
        guard removed * 10 > count else { return }
        throw PerigeeError(
            .conflict, "the new table takes \(removed) of the \(count) rows of \(table) away",
            remedy: "look whether the file is complete; where it is meant, add --force to "
                + "`\(command)`; nothing was changed")
    }

    /// The error of a strict scan whose table is about entries that are not there.
    static func unused(_ name: VolumeName, _ rows: [AttributeRow]) -> PerigeeError {
        PerigeeError(
            .conflict,
            "\(rows.count) \(rows.count == 1 ? "row" : "rows") of the attribute table of \(name) "
                + "\(rows.count == 1 ? "is" : "are") about nothing in it, and --strict was given; "
                + "the first is line \(rows[0].line), \(Printable.quoted(rows[0].pattern.text))",
            remedy: "mend the globs, or scan without --strict; nothing was changed")
    }
}
