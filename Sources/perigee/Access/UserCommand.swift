internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Say who there is.",
        discussion: """
            Who is not here sees nothing, and who is here sees what rules say of anyone, of \
            authenticated, of him and of his teams.

            Example:
              perigee user add jane
              perigee user disable jane
            """,
        subcommands: [Add.self, List.self, Disable.self, Enable.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a user.", discussion: "Example: perigee user add jane")

        @Argument(help: "The user's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try UserName(name)
            try options.store().perform([.addUser(name)], at: nil)
            if options.json {
                Output.object(UserReport(name, UserRecord(), teams: []))
            } else {
                options.say("Added the user \(name)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List the users: name, state, teams they are in directly.",
            discussion: "Example: perigee user ls --json")

        @OptionGroup var options: StateOptions

        func run() throws {
            let policy = try options.store().snapshot().policy
            var teams: [UserName: [TeamName]] = [:]
            for (team, members) in policy.teams {
                for case .user(let user) in members.map(\.member) {
                    teams[user, default: []].append(team)
                }
            }
            for (name, record) in policy.users.sorted(by: { $0.key < $1.key }) {
                let report = UserReport(name, record, teams: teams[name, default: []].sorted())
                if options.json {
                    Output.object(report)
                } else {
                    Output.line(
                        "\(name)\t\(report.state)\t\(report.teams.joined(separator: ","))")
                }
            }
        }
    }

    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lock a user out: he sees nothing, and his keys and tokens are refused.",
            discussion: """
                Mounts notice within a second. Nothing of him is lost: see perigee user enable.

                Example: perigee user disable jane
                """)

        @Argument(help: "The user's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws { try UserCommand.setDisabled(true, name, options) }
    }

    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a user in again who was locked out.",
            discussion: "Example: perigee user enable jane")

        @Argument(help: "The user's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws { try UserCommand.setDisabled(false, name, options) }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Remove a user with his memberships, keys and tokens.",
            discussion: """
                A user whom a rule names has to be taken out of that first; to lock him out at \
                once, use perigee user disable.

                Example: perigee user rm jane
                """)

        @Argument(help: "The user's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try UserName(name)
            try options.store().perform([.removeUser(name)], at: nil)
            if options.json {
                Output.object(["removed": name.string])
            } else {
                options.say("Removed the user \(name)")
            }
        }
    }

    private static func setDisabled(
        _ isDisabled: Bool, _ name: String, _ options: StateOptions
    ) throws {
        let name = try UserName(name)
        try options.store().perform([.setUserDisabled(name, isDisabled)], at: nil)
        if options.json {
            Output.object(["user": name.string, "state": isDisabled ? "disabled" : "active"])
        } else {
            options.say(isDisabled ? "Locked the user \(name) out" : "Let the user \(name) in")
        }
    }
}

/// A user as JSON.
struct UserReport: Encodable {
    var name: String
    var state: String
    var teams: [String]

    init(_ name: UserName, _ record: UserRecord, teams: [TeamName]) {
        self.name = name.string
        state = record.isDisabled ? "disabled" : "active"
        self.teams = teams.map(\.string)
    }
}
