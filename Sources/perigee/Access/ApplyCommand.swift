internal import ArgumentParser
internal import ControlStore
internal import PolicyFiles
internal import VolumeModel
internal import VolumeService
internal import YAMLFiles

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make volumes, teams and rules as policy files say, all of them or none.",
        discussion: """
            Reads the *.yaml of a folder itself, not of folders in it. What it makes carries a \
            label; what carries another one, or none since a command made it, is left alone and \
            reported, unless --adopt takes it over. What is in no file any more stays until --prune \
            removes it; volumes are never removed.

            Example:
              perigee apply -f policies --dry-run
              perigee apply -f policies
              perigee apply -f policies --prune
            """)

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("A folder of policies, or one file.", valueName: "dir|file"),
        completion: .file())
    var files: String
    @Flag(help: "Show what would be done, and do nothing.") var dryRun = false
    @Flag(help: "Remove what an earlier run made and no file says any more.") var prune = false
    @Flag(help: "Take over objects that commands or other labels made.") var adopt = false
    @Option(help: "Whose objects these are.") var label = "policies"
    @OptionGroup var options: StateOptions

    func run() throws {
        let planning = PolicyPlan.Options(
            label: try PolicyPlan.label(label), isAdopting: adopt, isPruning: prune)
        let store = try options.store()
        let publisher = try options.publisher()
        let (set, plan) = try PolicyReport.telling(options, about: files) {
            let set = try PolicySet(PolicySource.read(files))
            guard !set.isEmpty else {
                // With --prune it would take everything away.
                throw PerigeeError(
                    .conflict, "there is no document in \(Printable.quoted(files))",
                    remedy: "name the folder or file that holds the policies")
            }
            let snapshot = try store.snapshot()
            let plan = try PolicyPlan(set, on: snapshot, planning)
            try checkSources(of: set, snapshot, publisher)
            return (set, plan)
        }
        if dryRun { return show(plan, assigned: [:]) }
        // Of volumes that did not change as well: a run before may have been killed here.
        let expressions = Dictionary(
            set.volumes.map { ($0.name.value, $0.settings.expressions) }
        ) { first, _ in first }
        let assigned = try publisher.switchClasses(to: expressions) { holds throws(PerigeeError) in
            guard !plan.isEmpty else { return }
            // New classes are a change of the store too, and none that the plan could be about.
            let snapshot = try store.snapshot()
            guard let again = try? PolicyPlan(set, on: snapshot, planning),
                again.changes == plan.changes
            else {
                throw PerigeeError(
                    .conflict,
                    "the control store was changed meanwhile, so that the plan is another one now",
                    remedy: "nothing was done; run the command again")
            }
            try store.perform(again.operations + holds, at: snapshot.epoch)
        }
        show(
            plan,
            assigned: Dictionary(uniqueKeysWithValues: assigned.map { ($0.key.string, $0.value) }))
    }

    /// That the folders of volumes to be made are there.
    private func checkSources(
        of set: PolicySet, _ snapshot: ControlSnapshot, _ publisher: Publisher
    ) throws {
        var faults = FileFaults()
        for volume in set.volumes where snapshot.volume(named: volume.name.value) == nil {
            guard let source = volume.source else { continue }
            do throws(PerigeeError) {
                try publisher.checkSource(source.value)
            } catch {
                faults.add(
                    source.place, error.message,
                    remedy: error.remedy ?? "write source: ROOT:SUBPATH of a folder that is there")
            }
        }
        try faults.check()
    }

    private func show(_ plan: PolicyPlan, assigned: [String: Int]) {
        guard !options.json else {
            return Output.object(
                Report(
                    label: label, isDryRun: dryRun,
                    changes: plan.changes.map {
                        Report.Change(
                            action: $0.action.rawValue, kind: $0.kind.rawValue, name: $0.name,
                            details: $0.details)
                    },
                    kept: plan.kept.map {
                        Report.Kept(kind: $0.kind.rawValue, name: $0.name, reason: $0.reason)
                    }, unchanged: plan.unchanged, assigned: assigned))
        }
        let lines = plan.changes.map(\.description) + plan.kept.map(\.description)
        for line in lines {
            // A plan that is asked for is no talk.
            if dryRun { Output.line(line) } else { options.say(line) }
        }
        for (volume, count) in assigned.sorted(by: { $0.key < $1.key }) {
            options.say(
                "\(Human.count(count, "entry", "entries")) of \(volume) got other attributes, in all"
                    + " revisions at once")
        }
        let summary = plan.summary(isDone: !dryRun)
        if plan.isEmpty {
            options.say("Nothing to do: \(summary)")
        } else if dryRun {
            options.say("Nothing was done: \(summary)")
        } else {
            options.say("Done: \(summary)")
        }
    }

    private struct Report: Encodable {
        var label: String
        var isDryRun: Bool
        var changes: [Change]
        var kept: [Kept]
        var unchanged: Int
        /// Rows of catalogues that were put into other classes, by volume.
        var assigned: [String: Int]

        struct Change: Encodable {
            var action: String
            var kind: String
            var name: String
            var details: [String]
        }

        struct Kept: Encodable {
            var kind: String
            var name: String
            var reason: String
        }
    }
}
