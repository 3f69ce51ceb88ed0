internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct VolumePublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Make a volume's candidate its current revision.",
        discussion: """
            All front ends on this state switch within a second, all at once; what is open keeps \
            its version.

            A candidate that takes more than half of the current revision's files away, and more \
            than ten, is refused without --force: look at it with volume diff first. One that has \
            a file under two names (hard links) with other rules or attributes for each is refused \
            without --accept: volume show --problems lists them.

            Example:
              perigee volume diff hst hst@candidate
              perigee volume publish hst --note "calibration of November"
            """)

    @Argument(help: "The volume.") var name: String
    @Option(help: "Why, for the volume's history.") var note: String?
    @Flag(help: "Even where most of the published files go.") var force = false
    @Flag(help: "Even where files have several names under differing rules.") var accept = false
    @OptionGroup var options: StateOptions

    func run() throws {
        let revision = try options.publisher().publish(
            try VolumeName(name), note: note, isForced: force, isAccepted: accept)
        if options.json {
            Output.object(VolumeReport.Revision(revision))
        } else {
            options.say(
                "Published \(revision.volume)@\(revision.number): "
                    + "\(Human.count(revision.files, "file")), "
                    + Human.bytes(revision.bytes))
        }
    }
}

struct VolumeRollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Make an earlier revision the current one again.",
        discussion: """
            Nothing is lost: a later revision is made current again in the same way.

            Example: perigee volume rollback hst@r3
            """)

    @Argument(help: ArgumentHelp("Volume and revision.", valueName: "volume@rN"))
    var reference: String
    @OptionGroup var options: StateOptions

    func run() throws {
        let reference = try VolumeReference(parsing: reference)
        guard case .pinned(let number) = reference.revision, reference.path == nil else {
            throw PerigeeError(
                .invalidArgument,
                "\(Printable.escaped(Array("\(reference)".utf8))) names no revision to go back to",
                remedy: "write one, as in \(reference.volume)@r1")
        }
        try options.publisher().rollBack(reference.volume, to: number)
        if options.json {
            Output.object(["volume": reference.volume.string, "current": "\(number)"])
        } else {
            options.say("\(reference.volume) is \(number) now")
        }
    }
}

struct VolumeSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Open a volume to anyone, or close it.",
        usage: "perigee volume set <name> (--public | --private) [<options>]",
        discussion: "Mounts follow within a second. Example: perigee volume set hst --private")

    enum Visibility: String, EnumerableFlag {
        case `public`
        case `private`
    }

    @Argument(help: "The volume.") var name: String
    @Flag(help: "Who may see and read it: anyone, or the state's owner alone.")
    var visibility: Visibility
    @OptionGroup var options: StateOptions

    func run() throws {
        let name = try VolumeName(name)
        try options.store().setPublic(visibility == .public, volume: name)
        if options.json {
            Output.object(["volume": name.string, "visibility": visibility.rawValue])
        } else {
            options.say("\(name) is \(visibility.rawValue) now")
        }
    }
}

struct VolumeRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove a volume and its history. Nothing in the archive is touched.",
        discussion: """
            With @candidate only what was scanned and not published goes.

            Example:
              perigee volume rm hst
              perigee volume rm hst@candidate
            """)

    @Argument(help: ArgumentHelp("The volume.", valueName: "volume[@candidate]"))
    var reference: String
    @OptionGroup var options: StateOptions

    func run() throws {
        let reference = try VolumeReference(parsing: reference)
        let publisher = try options.publisher()
        switch reference.revision {
        case .current where reference.path == nil:
            try publisher.remove(reference.volume)
        case .candidate where reference.path == nil:
            try publisher.discardCandidate(of: reference.volume)
        default:
            throw PerigeeError(
                .invalidArgument,
                "\(Printable.escaped(Array("\(reference)".utf8))) cannot be removed",
                remedy: "name a volume, or its @candidate; a revision stays for good")
        }
        if options.json {
            Output.object(["removed": "\(reference)"])
        } else {
            options.say("Removed \(reference)")
        }
    }
}
