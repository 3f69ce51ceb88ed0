internal import ArgumentParser
internal import ControlStore
internal import Identity

struct SecretsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "Look after the key file, with which the secrets of keys are sealed.",
        discussion: "Example: perigee secrets rotate",
        subcommands: [Rotate.self])

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal every secret with a new key.",
            discussion: """
                Secrets themselves stay as they are, so nobody notices. Run it when somebody may \
                have read the key file; whoever has both that and a copy of the state has the \
                secrets, so then make new keys as well. Wherever it is cut off, every secret opens, \
                and the next run ends it. A backup made before needs the key file as it was then.

                Example: perigee secrets rotate
                """)

        @OptionGroup var options: StateOptions

        func run() throws {
            let done = try options.credentials().rotateSecrets()
            if options.json {
                return Output.object(
                    Report(
                        key: done.key.description, retired: done.retired.map(\.description),
                        secrets: done.count))
            }
            options.say("Sealed \(Human.count(done.count, "secret")) with the new key \(done.key)")
            for key in done.retired {
                options.say(
                    "Took the key \(key) out of the key file; what a backup holds sealed with it"
                        + " opens with a copy of the old file only")
            }
        }

        private struct Report: Encodable {
            var key: String
            var retired: [String]
            var secrets: Int
        }
    }
}
