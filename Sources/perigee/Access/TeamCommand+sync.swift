internal import ArgumentParser
internal import ControlStore
internal import VolumeModel

extension TeamCommand {
    struct Sync: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set teams and their members as an archive's table says.",
            discussion: """
                Each line is team, user, role and until, separated by tabs; role (member) and until \
                (for ever) may be left out. Users and teams that are missing are made. The teams of \
                the table, and those that an earlier sync made, then have exactly the members that \
                the table gives them, in one transaction or not at all. More than 10 % of the \
                memberships go only with --force.

                Example:
                  perigee team sync --from proposals.tsv --dry-run
                  perigee team sync --from proposals.tsv
                """)

        @Option(
            help: ArgumentHelp("The table.", valueName: "file.tsv"), completion: .file())
        var from: String
        @Flag(help: "Take away as many memberships as the table does.") var force = false
        @Flag(help: "Show what would be done, and do nothing.") var dryRun = false
        @OptionGroup var options: StateOptions

        func run() throws {
            let table = try TeamTable(contentsOf: from)
            let store = try options.store()
            let snapshot = try store.snapshot()
            let sync = try TeamSync(table, on: snapshot)
            if sync.isShrinking, !force, !dryRun { throw Self.shrinking(sync, table) }
            if !dryRun, !sync.operations.isEmpty {
                try store.perform(sync.operations, at: snapshot.epoch)
            }
            show(sync, table)
        }

        private func show(_ sync: TeamSync, _ table: TeamTable) {
            if options.json {
                for change in sync.changes { Output.object(change) }
                return Output.object(Summary(sync, table, isDryRun: dryRun))
            }
            for change in sync.changes {
                // A plan that is asked for is no talk.
                if dryRun { Output.line(change.line) } else { options.say(change.line) }
            }
            let teams = Human.count(table.teams.count, "team")
            if sync.changes.isEmpty {
                options.say("Nothing to do: \(teams) are as \(table.file) says")
            } else {
                options.say(
                    "\(dryRun ? "Nothing was done" : "Done"):"
                        + " \(Human.count(sync.changes.count, "change")) for \(teams)")
            }
        }

        private static func shrinking(_ sync: TeamSync, _ table: TeamTable) -> PerigeeError {
            PerigeeError(
                .conflict,
                "\(table.file) takes \(sync.removed) of \(sync.present) memberships away",
                remedy: "look at what goes with --dry-run; where it is meant, add --force; nothing"
                    + " was changed")
        }

        private struct Summary: Encodable {
            var isDone: Bool
            var teams: Int
            var changes: Int
            var memberships: Int
            var removed: Int

            init(_ sync: TeamSync, _ table: TeamTable, isDryRun: Bool) {
                isDone = !isDryRun
                teams = table.teams.count
                changes = sync.changes.count
                memberships = table.teams.values.reduce(0) { $0 + $1.members.count }
                removed = sync.removed
            }
        }
    }
}
