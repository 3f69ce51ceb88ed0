internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import Identity
internal import VolumeModel

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make and take away S3-style keys: an access key ID and a secret.",
        discussion: """
            Example:
              perigee key create --user jane --volumes hst,jwst --expires 30d
              perigee key ls
              perigee key rm 3
            """,
        subcommands: [Create.self, List.self, Remove.self, Renew.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key. Its secret is shown once.",
            discussion: """
                The secret is kept sealed, with a key that lies outside of the state folder: in \
                $PERIGEE_KEY_FILE, a credential perigee-key of systemd, or below ~/.config/perigee. \
                Keep a copy of that file apart from the backups of the state.

                Example: perigee key create --user jane --volumes hst --expires 8h
                """)

        @OptionGroup var credential: CredentialOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let new = try options.credentials().createKey(
                credential.facts(), comment: credential.comment)
            if options.json {
                return Output.object(
                    Report(key: CredentialReport(new.record), secret: new.secret.reveal()))
            }
            Output.line("Access key ID      \(new.accessKeyID)")
            Output.line("Secret access key  \(new.secret.reveal())")
            if !options.quiet {
                Terminal.errorLine(
                    "This is the key \(new.record.id) of \(new.record.facts.user); its secret is"
                        + " not shown again.")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "List the keys: number, ID, user, volumes, end, whether it holds, comment.",
            discussion: "Example: perigee key ls --user jane")

        @Option(help: "Those of this user alone.") var user: String?
        @OptionGroup var options: StateOptions

        func run() throws { try CredentialWork.list(.key, of: user, options) }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Take a key away for ever.",
            discussion: "Example: perigee key rm 3")

        @Argument(help: ArgumentHelp("Its number, or access key ID.", valueName: "key"))
        var key: String
        @OptionGroup var options: StateOptions

        func run() throws { try CredentialWork.remove(.key, key, options) }
    }

    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a key hold again after a restore, or give it another end.",
            discussion: """
                After a restore no key or token holds, since one that was taken away meanwhile \
                would hold again. Renew those that should.

                Example: perigee key renew 3 --expires 30d
                """)

        @Argument(help: ArgumentHelp("Its number, or access key ID.", valueName: "key"))
        var key: String
        @Option(
            help: ArgumentHelp(
                "When it ends: a span such as 8h or 30d, a day, or an instant (default: as it was).",
                valueName: "when"))
        var expires: String?
        @OptionGroup var options: StateOptions

        func run() throws { try CredentialWork.renew(.key, key, expires: expires, options) }
    }

    private struct Report: Encodable {
        var key: CredentialReport
        var secret: String
    }
}
