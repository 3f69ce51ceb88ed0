internal import ArgumentParser
internal import VolumeModel
internal import VolumeService

struct VolumeReleaseDatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release-dates",
        abstract: "Say when what becomes open, from an archive's table.",
        discussion: """
            The table has a header and a row a line, with tabs between the columns:

              key  value  metadata_release  data_release

            A row is about all entries with that attribute; a time is a day (2026-09-01, midnight \
            in UTC) or an instant (2026-09-01T12:00:00Z), and - where nothing is said. The table \
            takes the place of the one before, and is in force at once in all revisions. One that \
            takes more than a tenth of the rows away is refused without --force.

            Example: perigee volume release-dates jwst --from releases.tsv
            """)

    @Argument(help: "The volume.") var name: String
    @Option(
        help: ArgumentHelp("The table; - for standard input.", valueName: "file"),
        completion: .file())
    var from: String
    @Flag(help: "Even where more than a tenth of the rows goes.") var force = false
    @OptionGroup var options: StateOptions

    func run() throws {
        let name = try VolumeName(name)
        let rows = try ReleaseTable.parse(try InputFile.read(from), named: from)
        let change = try options.publisher().setReleases(rows, of: name, isForced: force)
        if options.json {
            Output.object(
                Report(
                    volume: name.string, rows: change.rows, added: change.added,
                    changed: change.changed, removed: change.removed, unused: change.unused))
        } else {
            options.say(
                "\(name) has release times of \(Human.count(change.rows, "attribute value")): "
                    + "\(change.added) added, \(change.changed) changed, \(change.removed) removed")
            if change.unused > 0 {
                options.say("\(change.unused) of them are about nothing in the volume")
            }
        }
    }

    private struct Report: Encodable {
        var volume: String
        var rows: Int
        var added: Int
        var changed: Int
        var removed: Int
        var unused: Int
    }
}
