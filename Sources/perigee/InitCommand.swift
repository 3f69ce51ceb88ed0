internal import ArgumentParser
internal import ControlStore

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the state folder.",
        discussion: """
            The state folder holds what is published and to whom, and the catalogues of the volumes; \
            never data. Who can write it is the admin, so it is made with mode 0700. Run again, it \
            does nothing.

            Example: perigee init --state /srv/perigee
            """)

    @OptionGroup var options: StateOptions

    func run() throws {
        let folder = try options.folder()
        try folder.create()
        try SQLiteControlStore.create(in: folder)
        if options.json {
            Output.object(["state": folder.path])
        } else {
            options.say("The state folder is \(folder.path)")
        }
    }
}
