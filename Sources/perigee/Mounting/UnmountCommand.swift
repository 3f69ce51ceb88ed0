internal import ArgumentParser
internal import FuseMount
internal import VolumeModel

struct UnmountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "Take a mount away.",
        discussion: """
            A mount in use is refused; with --lazy it goes at once, and what is open stays readable
            for a few seconds. A mount whose process was killed is taken away too.

            Example: perigee unmount /data
            """)

    @Argument(help: "The folder it is mounted on.") var mountpoint: String
    @Flag(help: "Even while it is in use.") var lazy = false
    @OptionGroup var options: StateOptions

    func run() throws {
        try MountPoint.unmount(mountpoint, lazily: lazy)
        if options.json {
            Output.object(["unmounted": mountpoint])
        } else {
            options.say("Unmounted \(mountpoint)")
        }
    }
}
