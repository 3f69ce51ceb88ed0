import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// Somebody who asks a service whatever he can think of, and keeps what he was given, while rules,
/// people, classes, release times, revisions and the clock change.
final class AccessServiceHunt {
    /// A snapshot that was given out.
    struct Kept {
        let snapshot: VolumeSnapshot
        var question: RevisionSelector { .pinned(snapshot.number) }
    }

    /// A row that was given out, with the place it stood at.
    struct Row {
        let entry: Entry
        let path: [UInt8]
        let volume: VolumeName
        let revision: RevisionNumber
        let content: [UInt8]
    }

    /// A file that was opened.
    struct Opened {
        let handle: ReadHandle
        let row: Row
        let snapshot: VolumeSnapshot
        let isHard: Bool
    }

    var chance: AccessChance
    let service: LocalVolumeService
    var snapshots: [Kept] = []
    var rows: [Row] = []
    var opened: [Opened] = []
    var log: [String] = []
    private(set) var faults: [String] = []

    init(_ random: SeededRandom, in folder: String) throws {
        chance = try AccessChance(random, in: folder)
        service = try chance.world.service()
    }

    func run(steps: Int) async throws {
        for _ in 0..<steps where faults.count < 5 {
            switch chance.random.below(100) {
            case 0..<3:
                log.append(try chance.change())
                try chance.world.settle(service)
            case 3..<8:
                chance.turnClock()
                log.append("it is \(chance.world.hand.now.nanoseconds)")
            case 8..<30: try await ask()
            case 30..<40: try keep()
            case 40..<55: try find()
            case 55..<75: try list()
            case 75..<85: try await row()
            case 85..<90: try await open()
            case 90..<98: try await read()
            default: try await ask(every: 8)
            }
        }
        for file in opened { file.handle.close() }
    }

    private func fault(_ text: String) {
        faults.append("\(text); before: \(log.suffix(6).joined(separator: "; "))")
    }

    private var world: AccessWorld { chance.world }

    private func driver() -> AccessServiceDriver {
        AccessServiceDriver(
            service: service, principal: chance.principal(),
            showing: chance.random.once(in: 4) ? .readable : .listed,
            pageSize: 1 + chance.random.below(6))
    }

    // MARK: Asking anew

    private func ask() async throws {
        let driver = driver()
        var matrix = try AccessMatrix(of: world)
        matrix.questions = (0..<3).map { _ in chance.question() }
        for found in try await matrix.faults(of: driver) { fault(found) }
    }

    /// One in so many of all questions.
    private func ask(every count: Int) async throws {
        let driver = driver()
        let matrix = try AccessMatrix(of: world)
        let offset = chance.random.below(count)
        var index = 0
        let found = try await matrix.faults(of: driver) { _ in
            index += 1
            return index % count == offset
        }
        for found in found { fault(found) }
    }

    // MARK: What was given out before

    private func keep() throws {
        let (volume, revision) = chance.state()
        let driver = driver()
        let snapshot = try? service.snapshot(
            of: volume, at: revision, for: driver.principal, showing: driver.showing)
        guard let snapshot else { return }
        snapshots.append(Kept(snapshot: snapshot))
        if snapshots.count > 40 {
            snapshots.remove(at: chance.random.below(snapshots.count))
        }
        guard snapshot.selector != .candidate else { return }
        let path = chance.path(in: volume)
        guard let entry = try service.entry(at: path, of: snapshot) else { return }
        let node = sight(snapshot).tree.nodes[path.bytes]
        rows.append(
            Row(
                entry: entry, path: path.bytes, volume: volume, revision: snapshot.number,
                content: node?.content ?? []))
        if rows.count > 80 { rows.remove(at: chance.random.below(rows.count)) }
    }

    /// What the principal of a snapshot has to see of it now.
    private func sight(_ snapshot: VolumeSnapshot) -> AccessSight {
        world.sight(
            of: snapshot.name, .pinned(snapshot.number), for: snapshot.principal,
            showing: snapshot.showing)
    }

    /// What a call answers, or nil where it says that there is no such volume.
    private func answer<Value>(
        _ snapshot: VolumeSnapshot, _ sight: AccessSight, _ body: () throws -> Value
    ) throws -> Value? {
        do {
            return try body()
        } catch let error as PerigeeError where error.code == .notFound {
            if sight.isRootVisible { fault("\(snapshot.name) is refused: \(error)") }
            let expected = "there is no volume \(snapshot.name)"
            if error.message != expected { fault("refused with other words: \(error)") }
            return nil
        }
    }

    private func kept() -> VolumeSnapshot? {
        snapshots.isEmpty ? nil : chance.random.pick(snapshots).snapshot
    }

    /// A folder that was seen once, and its path.
    private func folder(of snapshot: VolumeSnapshot) -> (id: EntryID, path: [UInt8]) {
        let known = rows.filter { $0.volume == snapshot.name && $0.entry.kind == .folder }
        guard !known.isEmpty, !chance.random.once(in: 4) else { return (.root, []) }
        let row = chance.random.pick(known)
        return (row.entry.id, row.path)
    }

    private func find() throws {
        guard let snapshot = kept(), snapshot.selector != .candidate else { return }
        let sight = sight(snapshot)
        let folder = folder(of: snapshot)
        let path = chance.path(in: snapshot.name).bytes
        let name = path.split(separator: slash).last.map { Array($0) } ?? Array("n".utf8)
        let child = folder.path.isEmpty ? name : folder.path + [slash] + name
        let found = try answer(snapshot, sight) {
            try name.withUnsafeBytes { try service.lookup($0, in: folder.id, of: snapshot) }
        }
        check(found ?? nil, at: child, snapshot, sight)
        let itself = try answer(snapshot, sight) {
            try service.folder(folder.id, of: snapshot)
        }
        if (itself ?? nil) != nil, !sight.shows(folder.path) || !isFolder(folder.path, sight) {
            fault("\(describe(snapshot)): the folder \(text(folder.path)) is there")
        }
        if (itself ?? nil) == nil, sight.shows(folder.path), isFolder(folder.path, sight) {
            fault("\(describe(snapshot)): the folder \(text(folder.path)) is not there")
        }
        guard let whole = try? EntryPath(path) else { return }
        let direct = try answer(snapshot, sight) { try service.entry(at: whole, of: snapshot) }
        if !path.isEmpty { check(direct ?? nil, at: path, snapshot, sight) }
    }

    private func list() throws {
        guard let snapshot = kept(), snapshot.selector != .candidate else { return }
        let sight = sight(snapshot)
        let folder = folder(of: snapshot)
        let position =
            rows.isEmpty || chance.random.once(in: 3)
            ? nil : ListPosition(after: chance.random.pick(rows).entry)
        let limit = 1 + chance.random.below(5)
        let page = try answer(snapshot, sight) {
            try service.list(folder.id, of: snapshot, after: position, limit: limit)
        }
        let keys = sight.tree.keys(in: folder.path).filter { key in
            let name = key.last == slash ? Array(key.dropLast()) : key
            guard let position else { return sight.shows(join(folder.path, name)) }
            let start = position.kind == .folder ? position.name + [slash] : position.name
            return start.lexicographicallyPrecedes(key) && sight.shows(join(folder.path, name))
        }.prefix(limit)
        let listed = (page ?? []).map { $0.kind == .folder ? $0.name + [slash] : $0.name }
        if listed != Array(keys) {
            fault(
                "\(describe(snapshot)): \(text(folder.path)) lists \(listed.map(text)) instead of "
                    + "\(keys.map(text))")
        }
        for entry in page ?? [] {
            check(entry, at: join(folder.path, entry.name), snapshot, sight)
        }
    }

    private func row() async throws {
        guard let snapshot = kept(),
            let row = rows.filter({ $0.volume == snapshot.name }).randomElement(
                using: &chance.random),
            snapshot.selector != .candidate, row.entry.kind == .file
        else { return }
        let sight = sight(snapshot)
        let isSame = row.revision == snapshot.number
        let known = sight.tree.nodes[row.path]
        let now = try answer(snapshot, sight) { try service.current(row.entry, of: snapshot) }
        if isSame { check(now ?? nil, at: row.path, snapshot, sight) }
        let details = failure { _ = try service.details(of: row.entry, in: snapshot) }
        if isSame, (details == nil) != sight.shows(row.path) {
            fault("\(describe(snapshot)): details of \(text(row.path)): \(details as Any)")
        }
        do {
            let handle = try await service.open(row.entry, of: snapshot)
            defer { handle.close() }
            let content = try await handle.content()
            // By another snapshot too, the bytes are those of the row, or there are none.
            let there = world.sight(
                of: row.volume, .pinned(row.revision), for: snapshot.principal,
                showing: snapshot.showing)
            if content != row.content {
                fault("\(describe(snapshot)): other bytes of \(text(row.path)) (r\(row.revision))")
            }
            if !there.mayRead(row.path), !(known?.content == content && sight.mayRead(row.path)) {
                fault("\(describe(snapshot)): \(text(row.path)) of \(row.revision) is read")
            }
        } catch let error as PerigeeError {
            guard isSame else { return }
            let code = error.code
            if sight.mayRead(row.path) {
                if code != .stale { fault("\(text(row.path)) cannot be read: \(error)") }
            } else if sight.shows(row.path) {
                if code != .accessDenied { fault("\(text(row.path)) is refused: \(error)") }
            } else if code != .notFound {
                fault("\(text(row.path)) is hidden, and refused with \(error)")
            }
        }
    }

    // MARK: What is open

    private func open() async throws {
        guard let snapshot = kept(), snapshot.selector != .candidate, opened.count < 20 else {
            return
        }
        let known = rows.filter {
            $0.volume == snapshot.name && $0.revision == snapshot.number && $0.entry.kind == .file
        }
        guard !known.isEmpty else { return }
        let row = chance.random.pick(known)
        guard let handle = try? await service.open(row.entry, of: snapshot) else { return }
        let isHard = world.model.isRevocationHard(snapshot.name)
        if (handle.passthroughDescriptor != nil || handle.mayKeepPages) && isHard {
            fault("\(text(row.path)) is given to the kernel, on a volume that checks each read")
        }
        opened.append(Opened(handle: handle, row: row, snapshot: snapshot, isHard: isHard))
    }

    private func read() async throws {
        guard !opened.isEmpty else { return }
        let index = chance.random.below(opened.count)
        let file = opened[index]
        if chance.random.once(in: 4) {
            opened.remove(at: index).handle.close()
            return
        }
        let mayRead = !file.isHard || sight(file.snapshot).mayRead(file.row.path)
        do {
            let content = try await file.handle.content(piece: 50)
            if !mayRead { fault("\(text(file.row.path)) is read on, against the volume's word") }
            if content != file.row.content { fault("\(text(file.row.path)) has other bytes") }
        } catch let error as PerigeeError {
            if error.code == .stale, mayRead { return }
            let codes: Set<PerigeeError.Code> = [.accessDenied]
            if mayRead || !codes.contains(error.code) {
                fault("\(text(file.row.path)) cannot be read on: \(error)")
            }
        }
    }

    // MARK: Comparing

    private func check(
        _ entry: Entry?, at path: [UInt8], _ snapshot: VolumeSnapshot, _ sight: AccessSight
    ) {
        let node = sight.shows(path) ? sight.tree.nodes[path] : nil
        guard let node, let entry else {
            if (node == nil) != (entry == nil) {
                fault(
                    "\(describe(snapshot)): \(text(path)) is \(entry == nil ? "not " : "")there")
            }
            return
        }
        let isReadable = entry.kind == .folder || sight.mayRead(path)
        if entry.kind != node.kind || entry.size != node.size || entry.isReadable != isReadable {
            fault("\(describe(snapshot)): \(text(path)) is \(entry)")
        }
        if entry.kind == .folder, !sight.isWhole, entry.modified != snapshot.created {
            fault("\(describe(snapshot)): \(text(path)) has a time of its own")
        }
    }

    private func isFolder(_ path: [UInt8], _ sight: AccessSight) -> Bool {
        path.isEmpty || sight.tree.nodes[path]?.kind == .folder
    }

    private func describe(_ snapshot: VolumeSnapshot) -> String {
        "\(snapshot.principal) at \(world.hand.now.nanoseconds), \(snapshot.name)@\(snapshot.number)"
    }

    private func text(_ path: some Sequence<UInt8>) -> String {
        String(decoding: Array(path), as: UTF8.self)
    }

    private func join(_ folder: [UInt8], _ name: [UInt8]) -> [UInt8] {
        folder.isEmpty ? name : folder + [slash] + name
    }
}

private let slash = UInt8(ascii: "/")
