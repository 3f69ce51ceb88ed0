internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the place of the state folder, or where there is none.",
        discussion: """
            The state that is there is moved aside as a whole. Mounts on it have to be ended \
            first. Every key and token is refused until it is renewed (perigee key renew, perigee \
            token renew), since some may have been revoked after the backup was made.

            What the backup opens and the present state has closed since is listed, and nothing is \
            done without --accept.

            Example:
              perigee restore /backup/perigee-2026-11-22
              perigee check
            """)

    @Argument(help: ArgumentHelp("The backup.", valueName: "dir"), completion: .directory)
    var folder: String
    @Flag(help: "Open what the backup opens, though it is closed now.") var accept = false
    @OptionGroup var options: StateOptions

    func run() throws {
        let restore = StateRestore(from: folder, into: try options.folder())
        let outcome = try restore.run { lines in
            // Also where they are accepted: whoever reads the output knows what was.
            for line in lines {
                Terminal.errorLine("opens: \(Printable.escaped(Array(line.utf8)))")
            }
            return accept
        }
        let unfinished = try assignClasses()
        if options.json {
            Output.object(
                RestoreReport(folder: folder, outcome: outcome, unfinished: unfinished))
        } else {
            options.say(
                "Restored the backup of \(outcome.manifest.made), epoch \(outcome.manifest.epoch),"
                    + " as epoch \(outcome.epoch), generation \(outcome.generation)")
            if let previous = outcome.previous { options.say("What was there is in \(previous)") }
            options.say(
                "Keys and tokens are refused until they are renewed: perigee key ls, perigee token"
                    + " ls. Start mounts again.")
        }
        for (name, error) in unfinished {
            Terminal.errorLine(
                "perigee: the backup is restored, but entries of \(name) may be in other classes"
                    + " than its attributes call for: \(error)\n"
                    + "  when that is mended, run: perigee volume scan \(name)")
        }
    }

    /// A catalogue that was copied a moment after control may have been given other classes than
    /// control knows.
    ///
    /// - Returns: the volumes of which that could not be mended, with the reason.
    private func assignClasses() throws(PerigeeError) -> [(VolumeName, PerigeeError)] {
        let publisher = try options.publisher()
        var unfinished: [(VolumeName, PerigeeError)] = []
        for volume in try options.store().volumes() {
            do throws(PerigeeError) {
                try publisher.assignClassesIfNeeded(volume.name)
            } catch {
                unfinished.append((volume.name, error))
            }
        }
        return unfinished
    }
}

/// What a restore did, as JSON.
struct RestoreReport: Encodable {
    var backup: BackupReport
    var epoch: Int64
    var generation: Int64
    var reopened: [String]
    var previous: String?
    /// Why entries may be in other classes than attributes call for, by volume.
    var unfinished: [String: String]

    init(
        folder: String, outcome: StateRestore.Outcome, unfinished: [(VolumeName, PerigeeError)]
    ) {
        backup = BackupReport(folder: folder, manifest: outcome.manifest)
        epoch = outcome.epoch.value
        generation = outcome.generation
        reopened = outcome.reopened
        previous = outcome.previous
        self.unfinished = Dictionary(
            uniqueKeysWithValues: unfinished.map { ($0.string, $1.description) })
    }
}
