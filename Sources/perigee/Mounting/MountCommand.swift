internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import FuseMount
internal import Glibc
internal import Identity
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals
internal import VolumeFileSystem
internal import VolumeModel
internal import VolumeService

struct MountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount",
        abstract: "Mount volumes read-only.",
        discussion: """
            A mount has one identity, anyone unless --as or --token-file says otherwise, and every \
            user who can enter it reads as that one. Without --volume, every volume of which it may \
            see something has a folder, MOUNTPOINT/hst, and its pinned \
            revisions are found by name, MOUNTPOINT/hst@r3. With --at-root one volume, or a folder \
            of it, is the mount's root itself. The command returns when the mount answers; with \
            --foreground it stays.

            As root the kernel reads files above 128 KiB of local roots by itself (Linux 6.9 and \
            newer), at the speed of the disk; as an ordinary user reads go through this process. Logs of a mount \
            in the background go to the state folder's log/mount.log.

            Example:
              perigee mount /data --allow-other
              perigee mount /data --as jane --unreadable hide
              perigee mount /data/euclid_q1 --volume euclid-q1:Q1_R1 --at-root
            """)

    @Argument(help: "An empty folder.", completion: .directory) var mountpoint: String
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Only this volume; may be given several times.", valueName: "volume[@rN][:subpath]"))
    var volume: [String] = []
    @Flag(help: "The volume itself is the mount's root.") var atRoot = false
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Mount for this user, by the word of the state's owner; audited."))
    var user: String?
    @Option(
        help: ArgumentHelp(
            "Mount for whom the token in this file stands, as long as it holds.",
            valueName: "file"), completion: .file())
    var tokenFile: String?
    @Option(
        help: ArgumentHelp(
            "What can be seen and not read: show it with mode 0000, or hide it.",
            valueName: "show|hide"))
    var unreadable: Unreadable = .show
    @Flag(help: "Stay, and log to standard error.") var foreground = false
    @Flag(help: "Let other users in.") var allowOther = false
    @Flag(help: "Answer extended attributes user.perigee.*; ls -l becomes half as fast.")
    var xattrs = false
    @Option(
        help:
            "Whether the kernel reads local files by itself: auto (those above 128 KiB), on or off."
    )
    var passthrough: MountOptions.Passthrough = .auto
    @Option(help: "Threads that serve the kernel, 1 to 4 (default: one for each core).")
    var threads: Int?
    @Option(help: ArgumentHelp("How long a read may wait for its origin.", valueName: "s"))
    var timeout = 30
    @Option(
        help: ArgumentHelp(
            "Where this node is (default: $PERIGEE_ZONE); sources of that zone are asked first.",
            valueName: "zone"))
    var zone: String?
    @OptionGroup var cache: CacheOptions
    @OptionGroup var options: StateOptions

    /// Where the process that waits in the front is told that the mount answers; set by that
    /// process alone.
    @Option(help: .hidden) var readyDescriptor: Int32?

    enum Unreadable: String, ExpressibleByArgument, CaseIterable {
        case show
        case hide
    }

    func validate() throws {
        guard user == nil || tokenFile == nil else {
            throw ValidationError("Give either --as USER or --token-file FILE.")
        }
        guard !atRoot || volume.count == 1 else {
            throw ValidationError("--at-root takes exactly one --volume.")
        }
        guard threads.map({ (1...4).contains($0) }) ?? true, (1...3_600).contains(timeout) else {
            throw ValidationError("--threads is 1 to 4, --timeout 1 to 3600 seconds.")
        }
    }

    func run() async throws {
        let references = try references()
        let layout = layout(references)
        _ = try NodeZone.named(zone)
        let folder = try options.folder()
        // Before anything else: what is wrong here should be said in the terminal.
        let control = try options.store().snapshot()
        let principal = try principal()
        try MountVolumes.check(
            references, for: principal, in: control,
            served: { () throws(PerigeeError) in
                try options.service()
            })
        try MountPlace.check(mountpoint, roots: control.roots, state: folder)
        guard foreground else {
            let place = try MountPlace.prepare(mountpoint)
            try BackgroundMount.start(at: place, state: folder, arguments: arguments)
            if options.json {
                Output.object(["mountpoint": place])
            } else {
                options.say("Mounted on \(place)")
            }
            return
        }
        signal(SIGPIPE, SIG_IGN)
        do {
            try await serve(layout, principal)
        } catch {
            ReadyPipe.tell(readyDescriptor, failure: error)
            throw error
        }
    }

    private func serve(_ layout: MountLayout, _ principal: Principal) async throws {
        var logger = options.logger("mount")
        if !options.verbose { logger.logLevel = .info }
        OpenFileLimit.raise()
        ProcessName.set("perigee")
        let nodeCache = try cache.place.cache(logger)
        let service = try LocalVolumeService(
            state: try options.folder(), originDeadline: .seconds(timeout),
            frontEnd: .mount, zone: try NodeZone.named(zone), cache: nodeCache, logger: logger)
        defer { service.stop() }
        var how = MountOptions()
        how.allowOther = allowOther
        how.xattrs = xattrs
        how.passthrough = passthrough
        how.threads = threads
        how.deadline = .seconds(timeout)
        how.showing = showing
        let ready = readyDescriptor
        let mount = try PerigeeMount(
            service: service, principal: principal, mountPoint: mountpoint, layout: layout,
            options: how, logger: logger
        ) {
            ReadyPipe.tell(ready, failure: nil)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    ServiceGroupConfiguration.ServiceConfiguration(
                        service: mount, successTerminationBehavior: .gracefullyShutdownGroup)
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await nodeCache.close()
    }

    /// This command's own flags, for the process that serves.
    private var arguments: [String] {
        var words = volume.flatMap { ["--volume", $0] }
        if atRoot { words.append("--at-root") }
        if allowOther { words.append("--allow-other") }
        if xattrs { words.append("--xattrs") }
        if options.verbose { words.append("--verbose") }
        if let user { words += ["--as", user] }
        if let folder = cache.cacheDir { words += ["--cache-dir", folder] }
        if let size = cache.cacheSize { words += ["--cache-size", size] }
        if let zone { words += ["--zone", zone] }
        if let tokenFile { words += ["--token-file", tokenFile] }
        words += ["--unreadable", unreadable.rawValue]
        words += ["--passthrough", passthrough.rawValue, "--timeout", "\(timeout)"]
        if let threads { words += ["--threads", "\(threads)"] }
        return words
    }

    private var showing: ShownEntries {
        switch unreadable {
        case .show: .listed
        case .hide: .readable
        }
    }

    /// For whom is mounted. The process that serves asks again, and the one that waits enters it
    /// into the audit.
    private func principal() throws(PerigeeError) -> Principal {
        if let tokenFile {
            return try options.credentials().principal(token: TokenFile.read(tokenFile))
        }
        guard let user else { return .anyone }
        return try ActingUser.principal(
            user, for: readyDescriptor == nil ? "mount \(mountpoint)" : nil, options)
    }

    private func references() throws(PerigeeError) -> [VolumeReference] {
        var references: [VolumeReference] = []
        for text in volume { references.append(try VolumeReference(parsing: text)) }
        return references
    }

    private func layout(_ references: [VolumeReference]) -> MountLayout {
        if atRoot, let reference = references.first { return .atRoot(reference) }
        return references.isEmpty ? .everyVolume : .selected(references)
    }
}

extension MountOptions.Passthrough: ExpressibleByArgument {}
