internal import ArgumentParser
internal import VolumeModel
internal import VolumeService

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List a folder of a volume.",
        discussion: """
            In byte order, folders with a slash behind their name. Shown is what anyone may see, \
            what a user may (--as), or all, candidates among it (--owner).

            Example:
              perigee ls hst
              perigee ls -l hst@r2:hub_hstdata_i/i
              perigee ls -R hst@candidate --owner
            """)

    @Argument(help: ArgumentHelp("What to list.", valueName: "volume[@rN][:path]"))
    var reference: String
    @Flag(name: .shortAndLong, help: "Size and time too; r in front of what can be read.")
    var long = false
    @Flag(name: [.customShort("R"), .long], help: "Everything below.") var recursive = false
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var options: StateOptions

    func run() throws {
        let principal = try reader.principal(for: "ls", [reference], options)
        let service = try options.service()
        defer { service.stop() }
        let named = try NamedEntry(reference, in: service, for: principal) {
            "list it with: ls \($0)"
        }
        let path = (named.reference.path ?? .root).bytes
        guard named.entry.kind == .folder else {
            return show(named.entry, path: path, name: path)
        }
        try list(named.entry.id, path, [], service, named.snapshot)
    }

    /// Lists one folder; `shown` is what stands before its names.
    private func list(
        _ folder: EntryID, _ path: [UInt8], _ shown: [UInt8], _ service: LocalVolumeService,
        _ snapshot: VolumeSnapshot
    ) throws(PerigeeError) {
        var position: ListPosition?
        while true {
            let page = try service.list(folder, of: snapshot, after: position, limit: 1_000)
            for entry in page {
                let below = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
                let name = shown + entry.name
                show(entry, path: below, name: name)
                if recursive, entry.kind == .folder {
                    try list(entry.id, below, name + [UInt8(ascii: "/")], service, snapshot)
                }
            }
            guard page.count == 1_000, let last = page.last else { return }
            position = ListPosition(after: last)
        }
    }

    private func show(_ entry: Entry, path: [UInt8], name: [UInt8]) {
        if options.json {
            Output.object(
                Report(
                    path: String(decoding: path, as: UTF8.self),
                    kind: entry.kind == .folder ? "folder" : "file", size: entry.size,
                    modified: Human.time(entry.modified), readable: entry.isReadable))
            return
        }
        var line: [UInt8] = []
        if long {
            let size = "\(entry.size)"
            let padding = String(repeating: " ", count: max(0, 14 - size.count))
            let right = entry.isReadable ? "r" : "-"
            line = Array("\(right)\(padding)\(size)  \(Human.time(entry.modified))  ".utf8)
        }
        line += Output.name(name)
        if entry.kind == .folder { line.append(UInt8(ascii: "/")) }
        Output.write(line + [UInt8(ascii: "\n")])
    }

    private struct Report: Encodable {
        var path: String
        var kind: String
        var size: Int64
        var modified: String
        var readable: Bool
    }
}
