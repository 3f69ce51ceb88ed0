internal import ArgumentParser
internal import FuseMount
internal import VolumeModel
internal import VolumeService

struct StatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Show what is known of a file or folder: version, ETag, digests, revision.",
        discussion: """
            VOLUME:PATH asks the state, as anyone, as a user (--as) or as its owner (--owner). A path in a mount asks the mount that it lies \
            in, which needs no access to the state; one without a slash is written ./PATH.

            Example:
              perigee stat hst:hub_hstdata_i/i/b4x/04/ib4x04ivq_flt.fits.gz
              perigee stat /data/hst/hub_hstdata_i
            """)

    @Argument(
        help: ArgumentHelp("What to show.", valueName: "volume[@rN]:path | path"),
        completion: .file())
    var target: String
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var options: StateOptions

    func run() throws {
        // A path has a slash before any colon; a reference never has.
        let head = target.utf8.prefix { $0 != UInt8(ascii: ":") }
        if !head.contains(UInt8(ascii: "/")), !head.isEmpty, head.first != UInt8(ascii: ".") {
            return show(try inState())
        }
        // No answer of a mount waits on an origin: one that takes so long is stopped or hangs.
        let path = target
        let answer: MountStatus?
        do throws(PerigeeError) {
            answer = try Deadline.run(within: .seconds(10), "") { () throws(PerigeeError) in
                try MountStatus.read(path)
            }
        } catch {
            guard error.code == .timedOut else { throw error }
            throw PerigeeError(
                .timedOut,
                "the mount in which \(Printable.quoted(path)) lies did not answer within 10 s",
                remedy: "perigee unmount MOUNTPOINT says which process does not, and how to end it")
        }
        guard let status = answer else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(target)) lies in no mount of perigee",
                remedy: "name a path in a mount, or VOLUME:PATH")
        }
        show(status)
    }

    private func inState() throws -> MountStatus {
        let principal = try reader.principal(for: "stat", [target], options)
        let service = try options.service()
        defer { service.stop() }
        let named = try NamedEntry(target, in: service, for: principal) {
            "ask the mount that it lies in with: perigee stat ./\($0)"
        }
        let (snapshot, entry) = (named.snapshot, named.entry)
        let details = try service.details(of: entry, in: snapshot)
        // A volume's folder has the time of its revision, as in a mount.
        let modified = entry.id == .root ? snapshot.created : entry.modified
        return MountStatus(
            volume: snapshot.name.string, revision: snapshot.number.value,
            pinned: named.reference.revision != .current, path: details.path.description,
            kind: entry.kind == .folder ? "folder" : "file", size: entry.size,
            modified: modified.nanoseconds, node: snapshot.node(of: entry).value,
            etag: details.etag?.text,
            digests: Dictionary(
                uniqueKeysWithValues: details.digests.map {
                    ($0.algorithm.rawValue, Hex.encode($0.bytes))
                }), added: details.added.value, serving: nil)
    }

    private func show(_ status: MountStatus) {
        if options.json { return Output.object(status) }
        var facts: [(String, String)] = []
        if let volume = status.volume {
            facts.append(("Volume", volume + (status.revision.map { "@r\($0)" } ?? "")))
        }
        if let path = status.path, !path.isEmpty {
            facts.append(("Path", Printable.escaped(Array(path.utf8))))
        }
        facts.append(("Kind", status.kind))
        if status.kind == "file" {
            facts.append(("Size", "\(status.size) (\(Human.bytes(status.size)))"))
        }
        facts.append(("Modified", Human.time(Timestamp(nanoseconds: status.modified))))
        if let added = status.added { facts.append(("Since", "r\(added)")) }
        facts.append(("Node", "\(status.node)"))
        if let etag = status.etag { facts.append(("ETag", "\"\(etag)\"")) }
        for (algorithm, digest) in status.digests.sorted(by: { $0.key < $1.key }) {
            facts.append((algorithm.uppercased(), digest))
        }
        if let serving = status.serving { facts.append(("Reads", serving.rawValue)) }
        let width = max(10, (facts.map(\.0.count).max() ?? 0) + 1)
        for (label, value) in facts {
            Output.line(label + String(repeating: " ", count: width - label.count) + value)
        }
    }
}
