internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import Identity
internal import VolumeModel

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make and take away bearer tokens.",
        discussion: """
            Example:
              perigee token create --user jane --expires 8h
              perigee token ls
              perigee token rm 4
            """,
        subcommands: [Create.self, List.self, Remove.self, Renew.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token. It is shown once.",
            discussion: """
                The token alone goes to standard output, so that it can go into a file. A mount \
                takes it from there: perigee mount --token-file.

                Example:
                  (umask 077; perigee token create --user jane --expires 8h > jane.token)
                """)

        @OptionGroup var credential: CredentialOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let new = try options.credentials().createToken(
                credential.facts(), comment: credential.comment)
            if options.json {
                return Output.object(
                    Report(description: CredentialReport(new.record), token: new.token.reveal()))
            }
            Output.line(new.token.reveal())
            if !options.quiet {
                Terminal.errorLine(
                    "This is the token \(new.record.id) of \(new.record.facts.user); it is not"
                        + " shown again.")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "List the tokens: number, user, volumes, end, whether it holds, comment.",
            discussion: "Example: perigee token ls --user jane")

        @Option(help: "Those of this user alone.") var user: String?
        @OptionGroup var options: StateOptions

        func run() throws { try CredentialWork.list(.token, of: user, options) }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Take a token away for ever.",
            discussion: "Example: perigee token rm 4")

        @Argument(help: ArgumentHelp("Its number.", valueName: "token")) var token: String
        @OptionGroup var options: StateOptions

        func run() throws { try CredentialWork.remove(.token, token, options) }
    }

    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a token hold again after a restore, or give it another end.",
            discussion: """
                After a restore no key or token holds, since one that was taken away meanwhile \
                would hold again. Renew those that should.

                Example: perigee token renew 4 --expires 8h
                """)

        @Argument(help: ArgumentHelp("Its number.", valueName: "token")) var token: String
        @Option(
            help: ArgumentHelp(
                "When it ends: a span such as 8h or 30d, a day, or an instant (default: as it was).",
                valueName: "when"))
        var expires: String?
        @OptionGroup var options: StateOptions

        func run() throws { try CredentialWork.renew(.token, token, expires: expires, options) }
    }

    private struct Report: Encodable {
        var description: CredentialReport
        var token: String
    }
}
