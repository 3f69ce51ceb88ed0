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
        subcommands: [
            Create.self, CredentialList<Noun>.self, CredentialRemove<Noun>.self,
            CredentialRenew<Noun>.self,
        ])

    enum Noun: CredentialNoun {
        static let kind = CredentialKind.token
        static let columns = "number, user, volumes, end, whether it holds, comment"
        static let naming = "Its number."
    }

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

    private struct Report: Encodable {
        var description: CredentialReport
        var token: String
    }
}
