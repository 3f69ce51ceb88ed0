internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look whether everything in the state folder is whole.",
        discussion: """
            It reads the control database, its audit chain and every catalogue, and makes the \
            digest of each published revision anew from the catalogue's rows. Nothing is changed, \
            and mounts go on. Files at the origin are not read: see perigee volume verify.

            Exit status: 0 all is sound, 1 something is not; each line says what, and what to do.

            Example: perigee check --quick
            """)

    @Flag(help: "Believe the digests in the catalogues, and do not make them anew.")
    var quick = false
    @OptionGroup var options: StateOptions

    func run() throws {
        let folder = try options.folder()
        // A folder that is not there is no fault of a state.
        try folder.open()
        var faults = try ControlCheck.faults(in: folder)
        if faults.isEmpty {
            let interruption = Interruption()
            let isShown = Terminal.isTerminal && !options.quiet && !options.json
            defer { if isShown { Terminal.error("\r\u{1b}[K") } }
            faults = try options.publisher().check(
                isQuick: quick,
                progress: { if isShown { Terminal.error("\r\u{1b}[KChecking \($0)") } },
                isCancelled: { interruption.isRequested })
        }
        for fault in faults { tell(fault) }
        guard faults.isEmpty else { throw QuietFailure() }
        if options.json {
            Output.object(["sound": true])
        } else {
            options.say("All is sound")
        }
    }

    private func tell(_ fault: StateFault) {
        if options.json {
            Output.object(
                ["store": fault.store, "fault": fault.detail, "remedy": fault.remedy])
        } else {
            Output.line("\(fault.store): \(fault.detail)\n  \(fault.remedy)")
        }
    }
}
