import AccessControl
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

/// A kernel that forgets nothing: it keeps nodes, open folders with their offsets, and open files,
/// and uses them while rules, people, classes, release times, revisions and the clock change.
final class AccessNodeHunt {
    /// A node that was looked up.
    private struct Known {
        let node: Node
        /// The name at the root, as `alpha@r1`.
        let volume: VolumeName
        let selector: RevisionSelector
        /// The revision that it was found in.
        let revision: RevisionNumber
        let path: [UInt8]
        let kind: EntryKind
        let content: [UInt8]
    }

    private struct Folder {
        let known: Known
        let handle: UInt64
        var offsets: [UInt64]
    }

    private struct File {
        let known: Known
        let file: OpenFile
        let isHard: Bool
    }

    private var chance: AccessChance
    private let service: LocalVolumeService
    private var driver: AccessFileSystemDriver
    private var known: [Known] = []
    private var folders: [Folder] = []
    private var files: [File] = []
    private var log: [String] = []
    private(set) var faults: [String] = []

    init(_ random: SeededRandom, in folder: String) throws {
        chance = try AccessChance(random, in: folder)
        service = try chance.world.service()
        driver = try AccessFileSystemDriver(service, as: chance.principal())
        try begin()
    }

    deinit { service.stop() }

    private var world: AccessWorld { chance.world }
    private var system: VolumeFileSystem { driver.system }

    func run(steps: Int) async throws {
        for _ in 0..<steps where faults.count < 5 {
            switch chance.random.below(100) {
            case 0..<3:
                log.append(try chance.change())
                try world.settle(service)
                try waitForRoot()
            case 3..<6:
                chance.turnClock()
                log.append("it is \(world.hand.now.nanoseconds)")
                try waitForRoot()
            case 6: try begin()
            case 7..<25: try look()
            case 25..<45: try lookFromNode()
            case 45..<50: try openFolder()
            case 50..<70: try listOn()
            case 70..<80: try await openFile()
            case 80..<92: try await readOn()
            default: try await ask()
            }
        }
    }

    private func fault(_ text: String) {
        faults.append(
            "\(driver.principal): \(text); before: \(log.suffix(6).joined(separator: "; "))")
    }

    /// Another mount, of somebody else.
    private func begin() throws {
        driver.system.stop()
        driver = try AccessFileSystemDriver(
            service, as: chance.principal(),
            showing: chance.random.once(in: 4) ? .readable : .listed)
        driver.room = 1 + chance.random.below(5)
        driver.system.start { _ in }
        known = []
        folders = []
        files = []
        log.append("mounted by \(driver.principal), \(driver.showing)")
    }

    /// The names at the root, and what they lead to, follow within a second.
    private func waitForRoot() throws {
        let expected = world.model.volumes(
            for: driver.principal, from: .list, showing: driver.showing, at: world.hand.now)
        let numbers = expected.map { world.model.volumes[$0]?.current }
        var seen: [VolumeName] = []
        let isRight = try eventually(within: 1) {
            seen = try driver.list(.root).map {
                try VolumeName(String(decoding: $0.name, as: UTF8.self))
            }
            let found = try seen.map { name in
                try driver.withNode(Array(name.string.utf8), in: .root) {
                    // A volume may close between the two calls.
                    (try? system.details(of: $0))?.snapshot?.number.value
                } ?? nil
            }
            return seen == expected && found == numbers
        }
        if !isRight { fault("after a second the root has \(seen) instead of \(expected)") }
    }

    // MARK: Names

    private func ask() async throws {
        var matrix = try AccessMatrix(of: world)
        matrix.questions = (0..<3).map { _ in chance.question() }
        for found in try await matrix.faults(of: driver) { fault(found) }
    }

    /// What is to be seen of the state that a node is reached through, as it is now.
    private func sight(_ known: Known) -> AccessSight {
        world.sight(
            of: known.volume, known.selector, for: driver.principal, showing: driver.showing)
    }

    /// A walk by names, of which each node is kept.
    private func look() throws {
        let (volume, selector) = chance.state()
        guard selector != .candidate else { return }
        let sight = world.sight(
            of: volume, selector, for: driver.principal, showing: driver.showing)
        var node = Node.root
        var path: [UInt8] = []
        let names =
            [Array("\(volume)\(selector)".utf8)]
            + chance.path(in: volume).segments.map { Array($0) }
        for (index, name) in names.enumerated() {
            if index > 0 { path = path.isEmpty ? name : path + [slash] + name }
            guard let found = try? driver.lookup(name, in: node).get() else {
                if sight.shows(path) { fault("\(volume)\(selector): \(text(path)) is not found") }
                return
            }
            node = found.attributes.node
            check(found.attributes, at: path, sight, "\(volume)\(selector)")
            let revision =
                try system.details(of: node).snapshot?.number ?? RevisionNumber(1)!
            known.append(
                Known(
                    node: node, volume: volume, selector: selector, revision: revision, path: path,
                    kind: found.attributes.kind, content: sight.tree.nodes[path]?.content ?? []))
        }
        while known.count > 120 { known.remove(at: chance.random.below(known.count)) }
    }

    /// Attributes of a node from before, and a name in it.
    private func lookFromNode() throws {
        guard let from = known.randomElement(using: &chance.random) else { return }
        let sight = sight(from)
        let attributes = Result { () throws(PerigeeError) in
            try system.attributes(of: from.node)
        }
        let isThere = isSame(from, sight)
        switch attributes {
        case .success(let found):
            // A version from before, at a path that is shown, is as good as the one there now.
            if isThere == false { fault("\(describe(from)) is still there") }
            if isThere == true { check(found, at: from.path, sight, describe(from)) }
        case .failure(let error):
            if isThere == true { fault("\(describe(from)) is not there: \(error)") }
            if error.code != .stale { fault("\(describe(from)) is refused with \(error)") }
        }
        guard from.kind == .folder else { return }
        let names = sight.tree.keys(in: from.path)
        var name = Array("nothing".utf8)
        if !names.isEmpty { name = chance.random.pick(names) }
        if name.last == slash { name.removeLast() }
        let path = from.path.isEmpty ? name : from.path + [slash] + name
        switch driver.lookup(name, in: from.node) {
        case .success(let found?): check(found.attributes, at: path, sight, describe(from))
        case .success(nil):
            if sight.shows(path) { fault("\(describe(from)): \(text(name)) is not found") }
        case .failure(let error):
            if sight.shows(path) { fault("\(describe(from)): \(text(name)): \(error)") }
            if error.code != .stale { fault("\(describe(from)): \(text(name)): \(error)") }
        }
    }

    // MARK: Folders

    private func openFolder() throws {
        guard let from = known.filter({ $0.kind == .folder }).randomElement(using: &chance.random)
        else { return }
        let sight = sight(from)
        do {
            let (handle, _) = try system.openFolder(from.node)
            if !sight.shows(from.path) { fault("\(describe(from)) is opened") }
            folders.append(Folder(known: from, handle: handle, offsets: [0]))
            if folders.count > 12 {
                system.releaseFolder(folders.removeFirst().handle)
            }
        } catch {
            if sight.shows(from.path) { fault("\(describe(from)) cannot be opened: \(error)") }
        }
    }

    /// Goes on with a listing, at an offset that was handed out once, or at one that was not.
    private func listOn() throws {
        guard !folders.isEmpty else { return }
        let index = chance.random.below(folders.count)
        let folder = folders[index]
        var offset = chance.random.pick(folder.offsets)
        if chance.random.once(in: 10) { offset = UInt64(chance.random.below(40)) }
        let room = 1 + chance.random.below(4)
        var listed: [(name: [UInt8], attributes: NodeAttributes, next: UInt64)] = []
        do {
            try system.list(folder.handle, from: offset, counting: chance.random.once(in: 2)) {
                name, attributes, _, next in
                guard listed.count < room else { return false }
                listed.append((Array(name), attributes, next))
                return true
            }
        } catch {
            if error.code != .stale { fault("\(describe(folder.known)): \(error)") }
        }
        folders[index].offsets = (folders[index].offsets + listed.map(\.next)).suffix(30)
        // An open listing stays at its revision, so a name may be of any; rights are today's.
        let sights = (world.model.volumes[folder.known.volume]?.revisions ?? []).indices
            .compactMap { RevisionNumber($0 + 1) }.map {
                world.sight(
                    of: folder.known.volume, .pinned($0), for: driver.principal,
                    showing: driver.showing)
            }
        for (name, attributes, _) in listed where name != [dot] && name != [dot, dot] {
            let path =
                folder.known.path.isEmpty ? name : folder.known.path + [slash] + name
            let isRight = sights.contains { sight in
                sight.shows(path) && sight.tree.nodes[path]?.kind == attributes.kind
                    && (attributes.kind == .folder
                        || sight.tree.nodes[path]?.size == attributes.size
                            && attributes.isReadable == sight.mayRead(path))
            }
            if !isRight { fault("\(describe(folder.known)) lists \(text(name)), \(attributes)") }
        }
    }

    // MARK: Files

    private func openFile() async throws {
        guard let from = known.filter({ $0.kind == .file }).randomElement(using: &chance.random)
        else { return }
        let sight = sight(from)
        let isThere = isSame(from, sight)
        do {
            let opened: OpenFile
            if let now = try system.openNow(from.node) {
                opened = now
            } else {
                opened = try await system.open(from.node)
            }
            let content = try await opened.file.content()
            if content != from.content { fault("\(describe(from)) has other bytes") }
            // One that is not in the revision now is decided about as it was where it was found.
            let found = world.sight(
                of: from.volume, .pinned(from.revision), for: driver.principal,
                showing: driver.showing)
            let mayRead = isThere == nil ? found.mayRead(from.path) : sight.mayRead(from.path)
            if !mayRead { fault("\(describe(from)) is read") }
            let isHard = world.model.isRevocationHard(from.volume)
            files.append(File(known: from, file: opened, isHard: isHard))
            if files.count > 12 { files.removeFirst() }
        } catch {
            let code = (error as? PerigeeError)?.code
            if isThere == true, sight.mayRead(from.path), code != .stale {
                fault("\(describe(from)) cannot be read: \(error)")
            }
            if isThere == true, sight.shows(from.path), !sight.mayRead(from.path),
                code != .accessDenied
            {
                fault("\(describe(from)) is closed, and refused with \(error)")
            }
            if isThere == false, code != .stale {
                fault("\(describe(from)) is hidden, and refused with \(error)")
            }
        }
    }

    private func readOn() async throws {
        guard let open = files.randomElement(using: &chance.random) else { return }
        let sight = world.sight(
            of: open.known.volume, .pinned(open.known.revision), for: driver.principal,
            showing: driver.showing)
        do {
            let content = try await open.file.file.content(piece: 70)
            if content != open.known.content { fault("\(describe(open.known)) has other bytes") }
            if open.isHard, !sight.mayRead(open.known.path) {
                fault("\(describe(open.known)) is read on, against the volume's word")
            }
        } catch let error as PerigeeError {
            let mayFail = open.isHard && !sight.mayRead(open.known.path)
            if error.code != .stale, !(mayFail && error.code == .accessDenied) {
                fault("\(describe(open.known)) cannot be read on: \(error)")
            }
        }
    }

    // MARK: Comparing

    /// Whether a node from before is what its path leads to now and is shown; nil where the path
    /// leads to another version or to nothing in the revision.
    private func isSame(_ from: Known, _ sight: AccessSight) -> Bool? {
        if from.path.isEmpty { return sight.isRootVisible }
        guard let node = sight.tree.nodes[from.path], node.kind == from.kind,
            from.kind == .folder || node.content == from.content
        else { return nil }
        return sight.shows(from.path)
    }

    private func check(
        _ attributes: NodeAttributes, at path: [UInt8], _ sight: AccessSight, _ place: String
    ) {
        guard sight.shows(path) else { return fault("\(place): \(text(path)) is there") }
        guard !path.isEmpty, let node = sight.tree.nodes[path] else { return }
        let isReadable = node.kind == .folder || sight.mayRead(path)
        if attributes.kind != node.kind || attributes.size != node.size
            || attributes.isReadable != isReadable
        {
            fault("\(place): \(text(path)) is \(attributes)")
        }
    }

    private func describe(_ known: Known) -> String {
        "\(known.volume)\(known.selector):\(text(known.path)) of \(known.revision)"
            + " at \(world.hand.now.nanoseconds)"
    }

    private func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")
