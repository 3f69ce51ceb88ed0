internal import ArgumentParser
internal import ControlStore
internal import Origins
internal import VolumeModel
internal import VolumeService

struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root",
        abstract: "Name the folders of the archive that volumes are made from.",
        discussion: "Example: perigee root add archive --origin posix:/archive",
        subcommands: [Add.self, List.self, Set.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an origin root.",
            discussion: """
                Examples:
                  perigee root add archive --origin posix:/archive
                  perigee root add irsa --origin s3://nasa-irsa-euclid-q1 --anonymous
                  perigee root add psa --origin https://archive.example.org/psa/ \
                    --listing manifest:psa.tsv

                --files replaced says that files are only ever replaced by rename: reads then go \
                through the kernel at the speed of the disk. With --files rewritten every read is \
                checked, which is slower.
                """)

        @Argument(help: "The root's name.") var name: String
        @Option(
            help: ArgumentHelp(
                "Where the files are: posix:/path, s3://bucket/prefix or https://host/folder/.",
                valueName: "origin"))
        var origin: String
        @OptionGroup var contract: RootContractOptions
        @OptionGroup(title: "Origins on another machine") var remote: RemoteOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let publisher = try options.publisher()
            let name = try RootName(name)
            let root = try contract.root(
                named: name, origin: origin, remote: remote, checkedBy: publisher)
            try publisher.addRoot(root)
            if options.json {
                Output.object(RootReport(root))
            } else {
                options.say("Added the root \(name) at \(root.origin)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List the origin roots.",
            discussion: """
                Name, place, what its archive promises of files, whether calls on it can hang, by what \
                versions are told, and whether its bytes are believed.

                Example: perigee root ls --json
                """)

        @OptionGroup var options: StateOptions

        func run() throws {
            for root in try options.store().roots() {
                if options.json {
                    Output.object(RootReport(root))
                } else {
                    Output.line(
                        "\(root.name)\t\(root.origin)\t\(root.files.rawValue)\t"
                            + "\(root.locality.rawValue)\t\(root.fingerprint.rawValue)\t"
                            + (root.isTrusted ? "trusted" : "untrusted"))
                }
            }
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change whether the bytes of a root are believed.",
            discussion: """
                With --trust no, nothing that the root sends reaches a reader or the cache before it \
                is compared with the digests of `volume scan --digest tree`; files without them are \
                not served from it. What was cached while the root was trusted is not used any \
                more. Files that are open keep what they were opened with: restart mounts and \
                gateways.

                Example: perigee root set mirror --trust no
                """)

        @Argument(help: "The root's name.") var name: String
        @Option(
            help: ArgumentHelp(
                "Whether to believe the bytes that it sends: yes or no.", valueName: "yes|no"))
        var trust: RemoteSettings.Trust
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try RootName(name)
            let store = try options.store()
            try store.setTrust(trust, ofRoot: name)
            if options.json {
                Output.object(RootReport(try store.root(named: name)))
            } else {
                options.say(
                    trust == .yes
                        ? "What the root \(name) sends is believed"
                        : "What the root \(name) sends is compared with tree digests first")
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Remove an origin root that no volume uses.",
            discussion: "Nothing in the archive is touched. Example: perigee root rm archive")

        @Argument(help: "The root's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try RootName(name)
            try options.store().removeRoot(named: name)
            if options.json {
                Output.object(["removed": name.string])
            } else {
                options.say("Removed the root \(name)")
            }
        }
    }
}

/// A root as JSON.
struct RootReport: Encodable {
    var name: String
    var origin: String
    var files: String
    var locality: String
    var fingerprint: String
    var remote: RemoteSettings?

    init(_ root: OriginRoot) {
        name = root.name.string
        origin = root.origin.description
        files = root.files.rawValue
        locality = root.locality.rawValue
        fingerprint = root.fingerprint.rawValue
        remote = root.remote
    }
}
