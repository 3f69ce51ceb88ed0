internal import AccessControl
internal import VolumeModel
internal import VolumeService

/// The files that wanted ones stand for, one after the other.
struct FileQueue {
    private let service: LocalVolumeService
    private let principal: Principal
    private var wanted: ArraySlice<WantedFiles>
    /// The folder or prefix that is being walked through.
    private var walk: Walk?
    private var page: ArraySlice<KeyedFile> = []
    /// Volumes whose files lie on this machine, and need no cache.
    private(set) var localVolumes: Set<VolumeName> = []

    private struct Walk {
        let snapshot: VolumeSnapshot
        /// What the next page is asked for by; nil after the last page.
        var next: KeyWalk?
    }

    /// What comes next.
    enum Item {
        case file(FileToWarm)
        /// What was asked for, and why there is nothing to fetch.
        case failure(String, PerigeeError)
    }

    init(_ wanted: [WantedFiles], service: LocalVolumeService, principal: Principal) {
        self.wanted = wanted[...]
        self.service = service
        self.principal = principal
    }

    /// The next one; nil after the last.
    mutating func next() -> Item? {
        while true {
            if let walk, let file = page.popFirst() {
                return .file(
                    FileToWarm(
                        name: "\(walk.snapshot.name):\(Printable.escaped(file.key))",
                        snapshot: walk.snapshot, entry: file.entry))
            }
            if let walk, let step = walk.next {
                do throws(PerigeeError) { try turn(walk.snapshot, step) } catch {
                    self.walk = nil
                    return .failure("\(walk.snapshot.name)", error)
                }
                continue
            }
            walk = nil
            guard let first = wanted.popFirst() else { return nil }
            do throws(PerigeeError) {
                if let file = try find(first) { return .file(file) }
            } catch {
                return .failure(first.reference, error)
            }
        }
    }

    /// Reads the next page of a walk.
    private mutating func turn(_ snapshot: VolumeSnapshot, _ step: KeyWalk) throws(PerigeeError) {
        let found = try service.keys(step, of: snapshot)
        page =
            found.items.compactMap { item in
                if case .file(let file) = item { file } else { nil }
            }[...]
        walk?.next = found.next.map { start in
            var step = step
            step.start = start
            return step
        }
    }

    /// The file that is wanted; nil where it lies on this machine, or a walk begins.
    private mutating func find(_ wanted: WantedFiles) throws(PerigeeError) -> FileToWarm? {
        let reference = try VolumeReference(parsing: wanted.reference)
        let snapshot = try service.snapshot(
            of: reference.volume, at: reference.revision, for: principal)
        guard try service.isRemote(snapshot) else {
            localVolumes.insert(reference.volume)
            return nil
        }
        if wanted.isPrefix {
            // As it was typed: a slash at its end tells a folder from names that begin like it.
            let prefix = wanted.reference.utf8.drop { $0 != UInt8(ascii: ":") }.dropFirst()
            walk = Walk(snapshot: snapshot, next: KeyWalk(prefix: Array(prefix)))
            return nil
        }
        let path = reference.path ?? .root
        guard let entry = try service.entry(at: path, of: snapshot) else {
            throw PerigeeError(.notFound, "\(Printable.quoted(path.bytes)) does not exist")
        }
        guard entry.kind == .file else {
            let prefix = path.isRoot ? [] : path.bytes + [UInt8(ascii: "/")]
            walk = Walk(snapshot: snapshot, next: KeyWalk(prefix: prefix))
            return nil
        }
        if let etag = wanted.etag {
            guard try service.details(of: entry, in: snapshot).etag?.text == etag else {
                throw PerigeeError(
                    .stale, "\(Printable.quoted(path.bytes)) is another version than the receipt's",
                    remedy: "the volume was made anew since; read it and take a new receipt")
            }
        }
        return FileToWarm(name: wanted.reference, snapshot: snapshot, entry: entry)
    }
}
