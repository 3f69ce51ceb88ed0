package import AccessControl
package import Dispatch
internal import Foundation
package import Origins
package import Synchronization
package import VolumeModel
package import VolumeService

/// Volumes in memory, with each version's bytes in a file of its own below a temporary folder.
package final class FakeVolumeService: VolumeService {
    /// What a test publishes at a path.
    package enum Content: Hashable {
        case bytes([UInt8])
        /// A sparse file of that many bytes.
        case zeros(Int64)
        /// A row without a file behind it, for trees too large to write.
        case row(Int64)

        package static func text(_ text: String) -> Content { .bytes(Array(text.utf8)) }

        package var size: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .zeros(let size), .row(let size): size
            }
        }
    }

    /// One revision: rows by folder in key order.
    package final class Tree: Sendable {
        package let children: [EntryID: [Entry]]
        package let folders: [EntryID: Entry]
        package let byName: [EntryID: [[UInt8]: Entry]]
        package let files: Int64
        package let bytes: Int64

        package init(rows: [Entry]) {
            var children: [EntryID: [Entry]] = [:]
            var folders: [EntryID: Entry] = [:]
            for row in rows {
                if row.id != .root { children[row.parent, default: []].append(row) }
                if row.kind == .folder { folders[row.id] = row }
            }
            self.children = children.mapValues { $0.sorted { Self.key($0) < Self.key($1) } }
            self.folders = folders
            byName = children.mapValues {
                Dictionary($0.map { ($0.name, $0) }) { first, _ in first }
            }
            let kept = rows.filter { $0.kind == .file }
            files = Int64(kept.count)
            bytes = kept.reduce(0) { $0 + $1.size }
        }

        package struct Key: Comparable {
            package let bytes: [UInt8]
            package static func < (left: Key, right: Key) -> Bool {
                left.bytes.lexicographicallyPrecedes(right.bytes)
            }
        }

        package static func key(_ name: [UInt8], _ kind: EntryKind) -> Key {
            Key(bytes: kind == .folder ? name + [UInt8(ascii: "/")] : name)
        }

        package static func key(_ entry: Entry) -> Key { key(entry.name, entry.kind) }
    }

    package struct Volume {
        package let ordinal: Int
        package var revisions: [Tree] = []
        package var current = 0
        package var viewID: UInt64 = 1
        package var nextID: Int64 = 2
        package var folderIDs: [String: EntryID] = ["": .root]
        package var versions: [String: (content: Content, entry: Entry)] = [:]
        package var folderTimes: [String: Int64] = [:]
    }

    package struct State {
        package var volumes: [String: Volume] = [:]
        package var nextOrdinal = 1
        package var observers: [Int: @Sendable (ServiceChange) -> Void] = [:]
        package var nextObserver = 0
        /// Names whose look-up is denied.
        package var denied: Set<[UInt8]> = []
        /// Files by name whose opening waits for ever, or until it is cancelled.
        package var stalled: Set<[UInt8]> = []
        /// Every call about the catalogue fails.
        package var isBroken = false
        /// Calls that came to wait for `diskGate`.
        package var waitingForDisk = 0
        package var opened = 0
        package var closed = 0
    }

    package let folder: String
    package let root: POSIXRoot
    package let state = Mutex(State())
    /// Where it is set, the list of volumes waits for it, as for a disk that does not answer.
    package let diskGate = Mutex<DispatchSemaphore?>(nil)

    package init(
        folder: String, files: FilesContract = .replaced, locality: Locality = .local
    ) throws {
        self.folder = folder
        root = try POSIXRoot(path: folder, files: files, locality: locality)
    }

    // MARK: What tests do

    /// Publishes a revision of `volume` that holds exactly these files; folders are made of their
    /// paths, and a path that ends with `/` is an empty folder.
    @discardableResult
    package func publish(_ volume: String, _ files: [String: Content], tell: Bool = true) throws
        -> Int
    {
        let number = try state.withLock { state in
            if state.volumes[volume] == nil {
                state.volumes[volume] = Volume(ordinal: state.nextOrdinal)
                state.nextOrdinal += 1
            }
            var changed = state.volumes[volume]!
            try add(files, to: &changed)
            state.volumes[volume] = changed
            return changed.current
        }
        if tell { notify(.volumes) }
        return number
    }

    /// Makes an earlier revision current.
    package func rollback(_ volume: String, to number: Int) {
        state.withLock { $0.volumes[volume]?.current = number }
        notify(.volumes)
    }

    package func remove(_ volume: String) {
        state.withLock { $0.volumes[volume] = nil }
        notify(.volumes)
    }

    package func changeView(_ volume: String) {
        state.withLock { $0.volumes[volume]?.viewID += 1 }
        notify(.volumes)
    }

    package func notify(_ change: ServiceChange) {
        let observers = state.withLock { Array($0.observers.values) }
        for observer in observers { observer(change) }
    }

    /// Where the bytes of a version are.
    package func path(of entry: Entry, ordinal: Int) -> String {
        "\(folder)/\(ordinal)-\(entry.id)"
    }

    private func add(_ files: [String: Content], to volume: inout Volume) throws {
        let time = Int64(1_600_000_000 + volume.revisions.count) * 1_000_000_000
        var rows: [Entry] = []
        var present: Set<String> = []
        func folder(_ path: String) -> EntryID {
            if volume.folderIDs[path] == nil {
                volume.folderIDs[path] = EntryID(volume.nextID)
                volume.folderTimes[path] = time
                volume.nextID += 1
            }
            let id = volume.folderIDs[path]!
            guard present.insert(path).inserted else { return id }
            let (parent, name) = split(path)
            let above = path.isEmpty ? EntryID.root : folder(parent)
            rows.append(
                Entry(
                    id: id, parent: above, name: Array(name.utf8), kind: .folder, size: 0,
                    modified: Timestamp(nanoseconds: volume.folderTimes[path] ?? time),
                    version: VersionToken(bits: 0)))
            return id
        }
        _ = folder("")
        for (path, content) in files {
            if path.hasSuffix("/") {
                _ = folder(String(path.dropLast()))
                continue
            }
            let (parent, name) = split(path)
            let above = folder(parent)
            if let known = volume.versions[path], known.content == content,
                known.entry.parent == above
            {
                rows.append(known.entry)
                continue
            }
            let entry = Entry(
                id: EntryID(volume.nextID), parent: above, name: Array(name.utf8), kind: .file,
                size: content.size, modified: Timestamp(nanoseconds: time + 123),
                version: VersionToken(bits: UInt64(volume.nextID)))
            volume.nextID += 1
            try write(content, entry, ordinal: volume.ordinal)
            volume.versions[path] = (content, entry)
            rows.append(entry)
        }
        volume.revisions.append(Tree(rows: rows))
        volume.current = volume.revisions.count
    }

    private func split(_ path: String) -> (String, String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private func write(_ content: Content, _ entry: Entry, ordinal: Int) throws {
        let path = path(of: entry, ordinal: ordinal)
        switch content {
        case .row: return
        case .bytes(let bytes): try Data(bytes).write(to: URL(fileURLWithPath: path))
        case .zeros(let size):
            try Data().write(to: URL(fileURLWithPath: path))
            guard truncate(path, Int(size)) == 0 else { throw POSIXError(.EIO) }
        }
        setTime(path, entry.modified)
    }

    /// Sets a file's modification time.
    package func setTime(_ path: String, _ time: Timestamp) {
        var times = [
            timespec(tv_sec: 0, tv_nsec: Int(utimeOmit)),
            timespec(
                tv_sec: Int(time.nanoseconds / 1_000_000_000),
                tv_nsec: Int(time.nanoseconds % 1_000_000_000)),
        ]
        utimensat(AT_FDCWD, path, &times, 0)
    }

    private let utimeOmit = (1 << 30) - 2

    // MARK: VolumeService

    package func volumes(
        for principal: Principal, showing: ShownEntries
    ) throws(PerigeeError) -> [VolumeSnapshot] {
        if let gate = diskGate.withLock({ $0 }) {
            state.withLock { $0.waitingForDisk += 1 }
            gate.wait()
            gate.signal()
        }
        let names = try state.withLock { (state) throws(PerigeeError) in
            if state.isBroken { throw PerigeeError(.storageFailed, "broken") }
            return state.volumes.keys.sorted()
        }
        var found: [VolumeSnapshot] = []
        for name in names {
            found.append(
                try snapshot(
                    of: VolumeName(name), at: .current, for: principal, showing: showing))
        }
        return found
    }

    package func snapshot(
        of volume: VolumeName, at selector: RevisionSelector, for principal: Principal,
        showing: ShownEntries
    ) throws(PerigeeError) -> VolumeSnapshot {
        try state.withLock { (state) throws(PerigeeError) in
            if state.isBroken { throw PerigeeError(.storageFailed, "broken") }
            guard let known = state.volumes[volume.string] else {
                throw PerigeeError(.notFound, "no volume \(volume)")
            }
            let value: Int
            switch selector {
            case .current: value = known.current
            case .pinned(let number): value = number.value
            case .candidate: value = 0
            }
            guard let number = RevisionNumber(value), value <= known.revisions.count else {
                throw PerigeeError(.notFound, "no revision \(value)")
            }
            let tree = known.revisions[value - 1]
            return VolumeSnapshot(
                ordinal: known.ordinal, name: volume, selector: selector, number: number,
                viewID: known.viewID, principal: principal, showing: showing, files: tree.files,
                folders: Int64(tree.folders.count - 1), bytes: tree.bytes,
                created: Timestamp(nanoseconds: Int64(1_700_000_000 + value) * 1_000_000_000))
        }
    }

    package func tree(_ snapshot: VolumeSnapshot) throws(PerigeeError) -> Tree {
        try state.withLock { (state) throws(PerigeeError) in
            guard let volume = state.volumes[snapshot.name.string],
                volume.ordinal == snapshot.ordinal
            else { throw PerigeeError(.notFound, "the volume was removed") }
            return volume.revisions[snapshot.number.value - 1]
        }
    }

    package func lookup(
        _ name: UnsafeRawBufferPointer, in folder: EntryID, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> Entry? {
        let tree = try tree(snapshot)
        let name = Array(name)
        if state.withLock({ $0.denied.contains(name) }) {
            throw PerigeeError(.accessDenied, "denied")
        }
        return tree.byName[folder]?[name]
    }

    package func keys(_ walk: KeyWalk, of snapshot: VolumeSnapshot) throws(PerigeeError) -> KeyPage
    {
        NaiveKeys(try tree(snapshot)).page(walk)
    }

    package func find(
        _ path: EntryPath, in volume: VolumeName, at selector: RevisionSelector,
        for principal: Principal
    ) throws(PerigeeError) -> RecalledFile? {
        let snapshot = try snapshot(of: volume, at: selector, for: principal)
        guard let entry = try entry(at: path, of: snapshot), entry.kind == .file else { return nil }
        return RecalledFile(snapshot, FoundFile(entry: entry, digests: [], etag: ETag(of: entry)))
    }

    package func isDiscoverable(
        _ volume: VolumeName, by principal: Principal
    ) throws(PerigeeError) -> Bool {
        state.withLock { $0.volumes[volume.string] != nil }
    }

    package func list(
        _ folder: EntryID, of snapshot: VolumeSnapshot, after position: ListPosition?, limit: Int
    ) throws(PerigeeError) -> [Entry] {
        let children = try tree(snapshot).children[folder] ?? []
        guard let position else { return Array(children.prefix(limit)) }
        let key = Tree.key(position.name, position.kind)
        var low = 0
        var high = children.count
        while low < high {
            let middle = (low + high) / 2
            if Tree.key(children[middle]) <= key { low = middle + 1 } else { high = middle }
        }
        return Array(children[low...].prefix(limit))
    }

    package func folder(_ id: EntryID, of snapshot: VolumeSnapshot) throws(PerigeeError) -> Entry? {
        try tree(snapshot).folders[id]
    }

    package func entry(at path: EntryPath, of snapshot: VolumeSnapshot) throws(PerigeeError)
        -> Entry?
    {
        let tree = try tree(snapshot)
        guard var found = tree.folders[.root] else { return nil }
        for segment in path.segments {
            guard let next = tree.byName[found.id]?[Array(segment)] else { return nil }
            found = next
        }
        return found
    }

    package func current(
        _ file: Entry, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> Entry? { file }

    package func details(
        of entry: Entry, in snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> EntryDetails {
        let tree = try tree(snapshot)
        var segments: [[UInt8]] = entry.id == .root ? [] : [entry.name]
        var parent = entry.parent
        while parent != .root, let above = tree.folders[parent] {
            segments.insert(above.name, at: 0)
            parent = above.parent
        }
        let filler = UInt8(entry.id.value & 0xff)
        let digest = ContentDigest(.md5, [UInt8](repeating: filler, count: 16))
        return EntryDetails(
            path: try EntryPath(Array(segments.joined(separator: [UInt8(ascii: "/")]))),
            etag: entry.kind == .file ? ETag(version: entry.version, size: entry.size) : nil,
            digests: entry.kind == .file ? [digest].compactMap { $0 } : [],
            added: snapshot.number)
    }

    package func openNow(
        _ entry: Entry, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> ReadHandle? {
        _ = try tree(snapshot)
        if root.isNetwork || state.withLock({ $0.stalled.contains(entry.name) }) { return nil }
        let file = try root.open(name(entry, snapshot), expecting: expected(entry))
        return handle(entry, snapshot, file)
    }

    package func open(
        _ entry: Entry, of snapshot: VolumeSnapshot
    ) async throws(PerigeeError) -> ReadHandle {
        if state.withLock({ $0.stalled.contains(entry.name) }) {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
            throw PerigeeError(.cancelled, "cancelled")
        }
        return handle(
            entry, snapshot,
            try await root.openWaiting(name(entry, snapshot), expecting: expected(entry)))
    }

    package func observe(_ observer: @escaping @Sendable (ServiceChange) -> Void) -> Observation {
        let number = state.withLock { state in
            state.nextObserver += 1
            state.observers[state.nextObserver] = observer
            return state.nextObserver
        }
        return Observation { [weak self] in
            _ = self?.state.withLock { $0.observers.removeValue(forKey: number) }
        }
    }

    private func name(_ entry: Entry, _ snapshot: VolumeSnapshot) -> [UInt8] {
        Array("\(snapshot.ordinal)-\(entry.id)".utf8)
    }

    private func expected(_ entry: Entry) -> POSIXRoot.Expected {
        POSIXRoot.Expected(size: entry.size, modified: entry.modified)
    }

    private func handle(
        _ entry: Entry, _ snapshot: VolumeSnapshot, _ file: OriginFile
    ) -> ReadHandle {
        state.withLock { $0.opened += 1 }
        return ReadHandle(entry: entry, ordinal: snapshot.ordinal, file: file) { [weak self] _ in
            self?.state.withLock { $0.closed += 1 }
        }
    }
}

/// A fake service over a temporary folder, removed afterwards.
package func withFakeService<Result>(
    files: FilesContract = .replaced, locality: Locality = .local,
    _ body: (FakeVolumeService) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("perigee-fake-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(FakeVolumeService(folder: folder, files: files, locality: locality))
}
