internal import ArgumentParser
internal import ControlStore
internal import VolumeModel

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the state folder while it is in use.",
        discussion: """
            The folder gets the control database, every catalogue and a manifest with their \
            digests. It has to be new or empty, and is there only once it is whole. Secrets are in \
            it sealed; the key file that opens them lies outside of the state and is not: keep it \
            elsewhere.

            Example: perigee backup /backup/perigee-2026-11-22
            """)

    @Argument(help: ArgumentHelp("Where to put it.", valueName: "dir"), completion: .directory)
    var folder: String
    @OptionGroup var options: StateOptions

    func run() throws {
        let manifest = try StateBackup.make(of: options.folder(), in: folder)
        if options.json {
            Output.object(BackupReport(folder: folder, manifest: manifest))
        } else {
            let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
            options.say(
                "Backed up \(Human.count(manifest.files.count - 1, "catalogue")) and control, "
                    + "\(Human.bytes(bytes)), at epoch \(manifest.epoch)\n"
                    + "The audit chain's head is \(manifest.head), event \(manifest.event)")
        }
    }
}

/// A backup as JSON.
struct BackupReport: Encodable {
    var folder: String
    var made: String
    var epoch: Int64
    var event: Int64
    var head: String
    var files: [BackupManifest.File]

    init(folder: String, manifest: BackupManifest) {
        self.folder = folder
        made = manifest.made
        epoch = manifest.epoch
        event = manifest.event
        head = manifest.head
        files = manifest.files
    }
}
