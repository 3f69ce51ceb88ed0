internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

struct VolumeAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a volume. Nothing is scanned or published yet.",
        discussion: """
            Either --source names a root and a folder below it, or --origin makes a root that is \
            named as the volume. Without --public the volume is in no mount.

            Example:
              perigee root add archive --origin posix:/archive
              perigee volume add hst --source archive:hst --title "HST" --mission HST --public
            """)

    @Argument(help: "The volume's name: 3 to 40 lower-case letters, digits and dashes.")
    var name: String
    @Option(help: ArgumentHelp("Where its files are.", valueName: "root:subpath"))
    var source: String?
    @Option(help: ArgumentHelp("Make a root for it.", valueName: "origin"))
    var origin: String?
    @OptionGroup var contract: RootContractOptions
    @OptionGroup(title: "Origins on another machine") var remote: RemoteOptions
    @Option(help: "What people call it (default: its name).") var title: String?
    @Option(help: "What it is, in a few sentences.") var abstract: String?
    @Option(help: "The science domain, such as \"Space Science\".") var domain: String?
    @Option(help: "The mission.") var mission: String?
    @Option(help: "An e-mail address to ask.") var contact: String?
    @Option(help: "Who made it.") var creator: String?
    @Option(help: "The licence of the data.") var licence: String?
    @Option(help: "Its DOI.") var doi: String?
    @Flag(name: .customLong("public"), help: "Anyone may see and read it.") var isPublic = false
    @Flag(help: "Use the name of a removed volume whose revisions may have been cited.")
    var reuseName = false
    @OptionGroup var options: StateOptions

    func validate() throws {
        guard (source == nil) != (origin == nil) else {
            throw ValidationError("Give either --source ROOT:SUBPATH or --origin posix:PATH.")
        }
    }

    func run() throws {
        let name = try VolumeName(name)
        let publisher = try options.publisher()
        var root: OriginRoot?
        var draft: SourceDraft
        if let source {
            draft = try Self.source(source)
            try publisher.checkSource(draft)
        } else {
            root = try contract.root(
                named: try RootName(name.string), origin: origin ?? "", remote: remote,
                checkedBy: publisher)
            draft = SourceDraft(root: try RootName(name.string))
        }
        let record = try publisher.addVolume(
            VolumeDraft(
                name: name,
                metadata: VolumeMetadata(
                    title: title ?? name.string, abstract: abstract, domain: domain,
                    mission: mission, contact: contact, creator: creator, licence: licence,
                    doi: doi),
                isPublic: isPublic, sources: [draft]),
            making: root, reusingName: reuseName)
        if options.json {
            let policy = try options.store().snapshot().policy
            Output.object(VolumeReport(record, PublicStanding(of: name, in: policy)))
        } else {
            options.say(
                "Added the volume \(name). Scan it next: perigee volume scan \(name)")
        }
    }

    private static func source(_ text: String) throws(PerigeeError) -> SourceDraft {
        let bytes = Array(text.utf8)
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        return SourceDraft(
            root: try RootName(String(decoding: bytes[..<colon], as: UTF8.self)),
            subpath: try EntryPath(trimmingSlashes: bytes[colon...].dropFirst()))
    }
}
