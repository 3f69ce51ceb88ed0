package import ControlStore
package import VolumeModel
package import YAMLFiles

/// What has to be done to a state so that it is as policy files say, and nothing beyond it.
///
/// A plan owns the teams, rules and volumes that carry its label. One of a file's names that carries
/// another label, or none since a command made it, is a fault unless the plan adopts. Applied, and
/// made again, a plan is empty.
package struct PolicyPlan: Sendable {
    /// What a plan may do beside making and changing what is its own.
    package struct Options: Sendable {
        /// The set of files, as objects remember it.
        package var label: PolicyLabel
        /// Takes over what another label or a command made.
        package var isAdopting: Bool
        /// Removes what carries the label and is in no file any more. Volumes are only let go.
        package var isPruning: Bool

        /// Puts options together.
        package init(
            label: PolicyLabel = "policies", isAdopting: Bool = false, isPruning: Bool = false
        ) {
            self.label = label
            self.isAdopting = isAdopting
            self.isPruning = isPruning
        }
    }

    /// The changes by which it was made, for `ControlStore.perform`.
    package let epoch: Epoch
    /// What to do, in this order, all or nothing.
    package let operations: [ControlOperation]
    /// The same for people, by kind and name.
    package let changes: [PlanChange]
    /// What is in no file any more and stays.
    package let kept: [PlanRemainder]
    /// How many objects of the files are as they should be.
    package let unchanged: Int

    /// Compares files with a state.
    ///
    /// - Throws: names that lead nowhere, cycles of teams, and objects that are not the plan's own.
    package init(
        _ files: PolicySet, on snapshot: ControlSnapshot, _ options: Options
    ) throws(FileFaults) {
        var builder = PlanBuilder(files, on: snapshot, options)
        builder.checkReferences()
        builder.planVolumes()
        builder.planTeams()
        builder.planRules()
        builder.planTeamRemovals()
        try builder.faults.check()
        epoch = snapshot.epoch
        operations = builder.operations
        changes = builder.changes
        kept = builder.kept
        unchanged = builder.unchanged
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { operations.isEmpty }

    /// `2 to add, 1 to change, 0 to remove, 14 unchanged`; once done, `2 added` and so on.
    package func summary(isDone: Bool) -> String {
        let counts: [(PlanChange.Action, String, String)] = [
            (.add, "to add", "added"), (.change, "to change", "changed"),
            (.remove, "to remove", "removed"),
        ]
        let words = counts.map { action, planned, done in
            "\(changes.count { $0.action == action }) \(isDone ? done : planned)"
        }
        return (words + ["\(unchanged) unchanged"]).joined(separator: ", ")
    }

    /// The label of what `perigee team sync` makes.
    package static let syncLabel: PolicyLabel = "sync"

    /// The label of a set of files.
    ///
    /// - Throws: `.invalidArgument` for what is no name, and for a label that a command marks its
    ///   own objects with: a plan would change and remove them as the files'.
    package static func label(_ text: String) throws(PerigeeError) -> PolicyLabel {
        guard let name = try? TeamName(text) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no label",
                remedy: "use 1 to 64 of a-z, 0-9, and inside of it `.`, `_`, `-`")
        }
        guard name.string != syncLabel else {
            throw PerigeeError(
                .invalidArgument,
                "the label \(syncLabel) marks what `perigee team sync` makes, which files would"
                    + " take over or remove",
                remedy: "choose another label")
        }
        return name.string
    }
}
