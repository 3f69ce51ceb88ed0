internal import ArgumentParser

struct VolumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume",
        abstract: "Make, scan, publish and look at volumes.",
        discussion: """
            Example:
              perigee volume add hst --origin posix:/archive/hst --title "HST" --public
              perigee volume scan hst
              perigee volume publish hst
            """,
        subcommands: [
            VolumeAddCommand.self, VolumeScanCommand.self, VolumePublishCommand.self,
            VolumeListCommand.self, VolumeShowCommand.self, VolumeDiffCommand.self,
            VolumeVerifyCommand.self, VolumeRollbackCommand.self, VolumeSetCommand.self,
            VolumeSourceCommand.self,
            VolumeReleaseDatesCommand.self, VolumeTakedownCommand.self, VolumeRemoveCommand.self,
        ])
}
