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
        subcommands: [
            Create.self, CredentialList<Noun>.self, CredentialRemove<Noun>.self,
            CredentialRenew<Noun>.self,
        ])

    enum Noun: CredentialNoun {
        static let kind = CredentialKind.key
        static let columns = "number, ID, user, volumes, end, whether it holds, comment"
        static let naming = "Its number, or access key ID."
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key. Its secret is shown once.",
            discussion: """
                The secret is kept sealed, with a key that lies outside of the state folder: in \
                $PERIGEE_KEY_FILE, a credential perigee-key of systemd, or below ~/.config/perigee. \
                Keep a copy of that file apart from the backups of the state.

                Behind the pair come lines for the files of S3 clients: the AWS CLI, rclone, s3cmd \
                and boto3. With --quiet or --json the pair comes alone.

                Example:
                  perigee key create --user jane --volumes hst --expires 8h
                  perigee key create --user jane --endpoint https://data.example.org
                """)

        @Option(
            help: ArgumentHelp("Where the clients will find this site.", valueName: "url"))
        var endpoint = "http://127.0.0.1:9000"
        @OptionGroup var credential: CredentialOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let endpoint = try EndpointURL.parse(endpoint)
            let new = try options.credentials().createKey(
                credential.facts(), comment: credential.comment)
            if options.json {
                return Output.object(
                    Report(key: CredentialReport(new.record), secret: new.secret.reveal()))
            }
            Output.line("Access key ID      \(new.accessKeyID)")
            Output.line("Secret access key  \(new.secret.reveal())")
            if !options.quiet {
                let settings = ClientSettings(
                    endpoint: endpoint, accessKeyID: new.accessKeyID, secret: new.secret.reveal())
                Output.line("\n\(settings.text)")
                Terminal.errorLine(
                    "This is the key \(new.record.id) of \(new.record.facts.user); its secret is"
                        + " not shown again.")
            }
        }
    }

    private struct Report: Encodable {
        var key: CredentialReport
        var secret: String
    }
}
