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

            With several --source the first one, by priority and then as they stand, decides which \
            files the volume has; the others are mirrors of it. --priority and --zone are given once \
            for each source in their order, or for the last ones only; ,priority=N and ,zone=Z behind \
            a source say the same of that one.

            Example:
              perigee root add archive --origin posix:/archive
              perigee volume add hst --source archive:hst --title "HST" --mission HST --public
              perigee volume add q1 --source irsa:q1 --source local:q1 --priority 2 --zone esac
              perigee volume add q1 --source irsa:q1 --source local:q1,priority=2,zone=esac
            """)

    @Argument(help: "The volume's name: 3 to 40 lower-case letters, digits and dashes.")
    var name: String
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Where its files are; may be given several times.",
            valueName: "root:subpath[,priority=N][,zone=Z]"))
    var source: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A source's priority; lower ones are asked first (default: 0).", valueName: "n"))
    var priority: [Int] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Where a source is; nodes of that zone ask it first.", valueName: "zone"))
    var zone: [String] = []
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
        guard source.isEmpty != (origin == nil) else {
            throw ValidationError("Give either --source ROOT:SUBPATH or --origin posix:PATH.")
        }
        let count = max(source.count, 1)
        guard priority.count <= count, zone.count <= count else {
            throw ValidationError("There are more --priority or --zone than sources.")
        }
    }

    func run() throws {
        let name = try VolumeName(name)
        let publisher = try options.publisher()
        var root: OriginRoot?
        var drafts: [SourceDraft] = []
        for text in source {
            let draft = try SourceDraft(parsing: text)
            try publisher.checkSource(draft)
            drafts.append(draft)
        }
        if source.isEmpty {
            root = try contract.root(
                named: try RootName(name.string), origin: origin ?? "", remote: remote,
                checkedBy: publisher)
            drafts = [SourceDraft(root: try RootName(name.string))]
        }
        // Those of the last sources, where there are fewer.
        for (index, value) in priority.enumerated() {
            drafts[drafts.count - priority.count + index].priority = value
        }
        for (index, value) in zone.enumerated() {
            drafts[drafts.count - zone.count + index].zone = value
        }
        let record = try publisher.addVolume(
            VolumeDraft(
                name: name,
                metadata: VolumeMetadata(
                    title: title ?? name.string, abstract: abstract, domain: domain,
                    mission: mission, contact: contact, creator: creator, licence: licence,
                    doi: doi),
                isPublic: isPublic, sources: drafts),
            making: root, reusingName: reuseName)
        if options.json {
            let policy = try options.store().snapshot().policy
            Output.object(VolumeReport(record, PublicStanding(of: name, in: policy)))
        } else {
            options.say(
                "Added the volume \(name). Scan it next: perigee volume scan \(name)")
        }
    }
}
