internal import ArgumentParser
internal import FuseMount
internal import VolumeModel

struct UnmountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "Take a mount away.",
        discussion: """
            A mount in use is refused; with --lazy it goes at once, and what is open stays readable \
            for a few seconds. A mount whose process was killed is taken away too. One whose process \
            is stopped or hangs is told apart, and --lazy takes it away as well.

            Example: perigee unmount /data
            """)

    @Argument(help: "The folder it is mounted on.", completion: .directory) var mountpoint: String
    @Flag(help: "Even while it is in use, or does not answer.") var lazy = false
    @OptionGroup var options: StateOptions

    func run() throws {
        let left = try MountPoint.unmount(mountpoint, lazily: lazy)
        if options.json {
            Output.object(Report(unmounted: mountpoint, left: left))
            return
        }
        options.say("Unmounted \(mountpoint)")
        if let left {
            options.say(
                "Its process \(left) did not answer; who waits for it is let go by: kill -9 "
                    + "\(left)")
        }
    }

    private struct Report: Encodable {
        var unmounted: String
        /// The process that did not answer and is left behind.
        var left: Int32?
    }
}
