internal import ArgumentParser
internal import VolumeModel

struct PrefetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefetch",
        abstract: "Fetch the files of a list into the cache, before they are read.",
        discussion: """
            The list has a reference a line, volume[@rN]:path; a folder stands for all files below it, \
            and what follows a # at a line's start is left out. Or it is a receipt: what a mount has \
            read, from MOUNTPOINT/.perigee/receipt.json, in the revisions that it was read in.

            Files of local roots are passed over. Ends with status 1 where a file could not be fetched.

            Example:
              cp /data/.perigee/receipt.json night.json
              perigee prefetch --manifest night.json
            """)

    @Option(
        help: ArgumentHelp("The list; - for standard input.", valueName: "file"),
        completion: .file())
    var manifest: String
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var options: StateOptions

    func run() async throws {
        let wanted = try PrefetchManifest.read(manifest)
        try await CacheFilling(reader: reader, cache: cache, options: options)
            .fetch(wanted, command: "prefetch")
    }
}

struct WarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warm",
        abstract: "Fetch files of a volume into the cache, before they are read.",
        discussion: """
            All files whose paths begin with the words behind the colon; without them the whole \
            volume.

            Example: perigee cache warm euclid-q1:Q1_R1/MER/102018211
            """)

    @Argument(help: ArgumentHelp("Which files.", valueName: "volume[@rN][:prefix]"))
    var reference: String
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var options: StateOptions

    func run() async throws {
        try await CacheFilling(reader: reader, cache: cache, options: options)
            .fetch([WantedFiles(reference: reference, isPrefix: true)], command: "cache warm")
    }
}
