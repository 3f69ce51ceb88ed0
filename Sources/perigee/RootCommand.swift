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
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an origin root.",
            discussion: """
                Example: perigee root add archive --origin posix:/archive

                --files replaced says that files are only ever replaced by rename: reads then go \
                through the kernel at the speed of the disk. With --files rewritten every read is \
                checked, which is slower.
                """)

        @Argument(help: "The root's name.") var name: String
        @Option(help: ArgumentHelp("Where the files are.", valueName: "posix:path"))
        var origin: String
        @OptionGroup var contract: RootContractOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let publisher = try options.publisher()
            let name = try RootName(name)
            let root = try contract.root(named: name, origin: origin, checkedBy: publisher)
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
            discussion: "Example: perigee root ls --json")

        @OptionGroup var options: StateOptions

        func run() throws {
            for root in try options.store().roots() {
                if options.json {
                    Output.object(RootReport(root))
                } else {
                    Output.line(
                        "\(root.name)\t\(root.origin)\t\(root.files.rawValue)\t"
                            + "\(root.locality.rawValue)\t\(root.fingerprint.rawValue)")
                }
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

/// What an archive promises of a root, as flags.
struct RootContractOptions: ParsableArguments {
    @Option(help: "How files change: replaced (by rename) or rewritten (in place).")
    var files: FilesContract = .replaced
    @Option(help: "Where the file system is: auto, local or network.")
    var locality: Locality = .auto
    @Option(
        help: ArgumentHelp(
            "What tells versions of a file apart: size+mtime, size+mtime+inode or digest.",
            valueName: "what"))
    var fingerprint: Fingerprint = .sizeAndModified

    /// Puts a root together, once its folder has been looked at.
    ///
    /// - Throws: `.originUnavailable`, `.notADirectory`, `.originDenied`, `.invalidArgument`.
    func root(named name: RootName, origin: String, checkedBy publisher: Publisher)
        throws(PerigeeError) -> OriginRoot
    {
        let location = try OriginLocation(parsing: origin)
        switch location {
        case .posix(let path): try publisher.checkOrigin(path, locality: locality)
        }
        return OriginRoot(
            name: name, origin: location, files: files, locality: locality,
            fingerprint: fingerprint)
    }
}

/// A root as JSON.
struct RootReport: Encodable {
    var name: String
    var origin: String
    var files: String
    var locality: String
    var fingerprint: String

    init(_ root: OriginRoot) {
        name = root.name.string
        origin = root.origin.description
        files = root.files.rawValue
        locality = root.locality.rawValue
        fingerprint = root.fingerprint.rawValue
    }
}
