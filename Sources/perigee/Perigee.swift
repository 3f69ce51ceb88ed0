internal import ArgumentParser
internal import VolumeModel

/// The command line's root.
struct Perigee: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perigee",
        abstract: "Publish folders of mission data as volumes, and mount them read-only.",
        discussion: """
            A volume is made from a folder of an archive, a bucket or a web server, scanned, \
            published, and then read by labs through a mount at the speed of the disk.

            Example:
              perigee init
              perigee volume add hst --origin posix:/archive/hst --title "HST" --public
              perigee volume scan hst
              perigee volume publish hst
              perigee mount /data

            Exit status: 0 done, 1 failed, 64 wrong use.
            Shell completions: perigee --generate-completion-script bash|zsh|fish
            """,
        version: perigeeVersion,
        subcommands: [
            InitCommand.self, RootCommand.self, VolumeCommand.self, ListCommand.self,
            StatCommand.self, CatCommand.self, MountCommand.self, UnmountCommand.self,
            ServeCommand.self, PresignCommand.self, ApplyCommand.self, PolicyCommand.self,
            UserCommand.self, TeamCommand.self, KeyCommand.self, TokenCommand.self,
            SecretsCommand.self, AuditCommand.self, BackupCommand.self, RestoreCommand.self,
            CheckCommand.self, CacheCommand.self, PrefetchCommand.self,
            SampleArchiveCommand.self,
        ])
}

/// The version that `--version` prints.
let perigeeVersion = "0.1.0"

@main
enum Main {
    static func main() async {
        do {
            var command = try Perigee.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.exit(with: error)
        }
    }
}
