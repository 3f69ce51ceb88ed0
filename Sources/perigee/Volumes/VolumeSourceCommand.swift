internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct VolumeSourceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "source",
        abstract: "Add, remove and list the places that hold a volume's files.",
        discussion: """
            The source of the lowest priority decides which files a volume has; the others are \
            mirrors of it, which are read where they are nearer or the first one fails. A source is \
            read from once a scan has compared it.

            Example:
              perigee volume source add q1 local:q1 --priority 2 --zone esac
              perigee volume scan q1
              perigee volume source ls q1
            """,
        subcommands: [Add.self, Remove.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a mirror to a volume.",
            discussion: """
                Example: perigee volume source add q1 local:q1 --priority 2 --zone esac
                """)

        @Argument(help: "The volume.") var volume: String
        @Argument(
            help: ArgumentHelp(
                "Where its files are.", valueName: "root:subpath[,priority=N][,zone=Z]"))
        var source: String
        @Option(help: ArgumentHelp("Lower ones are asked first (default: 0).", valueName: "n"))
        var priority: Int?
        @Option(
            help: ArgumentHelp("Where it is; nodes of that zone ask it first.", valueName: "zone"))
        var zone: String?
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try VolumeName(volume)
            let publisher = try options.publisher()
            var draft = try SourceDraft(parsing: source)
            if let priority { draft.priority = priority }
            if let zone { draft.zone = zone }
            try publisher.checkSource(draft)
            let added = try publisher.addSource(draft, to: name)
            if options.json {
                Output.object(SourceReport(added))
            } else {
                options.say(
                    "Added the source \(added.root):\(added.subpath) to \(name). It is read from "
                        + "after the next scan: perigee volume scan \(name)")
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Take a source from a volume. Nothing there is touched.",
            discussion: """
                Example: perigee volume source rm q1 local:q1
                """)

        @Argument(help: "The volume.") var volume: String
        @Argument(
            help: ArgumentHelp("The source, or its number.", valueName: "root:subpath|number"))
        var source: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try VolumeName(volume)
            let number = try number(in: try options.store().volume(named: name))
            try options.publisher().removeSource(number: number, from: name)
            options.say("Removed the source \(source) of \(name).")
        }

        private func number(in record: VolumeRecord) throws(PerigeeError) -> Int {
            if let number = Int(source) { return number }
            let draft = try SourceDraft(parsing: source)
            let found = record.sources.first {
                $0.root == draft.root && $0.subpath == draft.subpath
            }
            guard let found else {
                throw PerigeeError(
                    .notFound, "\(record.name) has no source \(Printable.quoted(source))",
                    remedy: "`perigee volume source ls \(record.name)` lists its sources")
            }
            return found.number
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List a volume's sources, in the order of their priority.",
            discussion: """
                Number, root and folder, priority, zone. The first one decides which files the volume \
                has.

                Example: perigee volume source ls q1
                """)

        @Argument(help: "The volume.") var volume: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let record = try options.store().volume(named: try VolumeName(volume))
            for source in record.orderedSources {
                if options.json {
                    Output.object(SourceReport(source))
                } else {
                    Output.line(
                        "\(source.number)\t\(source.root):\(source.subpath)\t\(source.priority)\t"
                            + (source.zone ?? "-"))
                }
            }
        }
    }
}

/// A source as JSON.
struct SourceReport: Encodable {
    var number: Int
    var root: String
    var subpath: String
    var priority: Int
    var zone: String?

    init(_ source: VolumeSource) {
        number = source.number
        root = source.root.string
        subpath = source.subpath.description
        priority = source.priority
        zone = source.zone
    }
}
