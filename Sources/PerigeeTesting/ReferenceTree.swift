internal import Glibc
package import VolumeModel

/// What a volume should hold, told by the plainest of code: a recursive walk with `stat`, links
/// resolved by `realpath`. The measure of what the scan makes of the same folder.
package struct ReferenceTree: Sendable {
    /// A file or folder of it.
    package struct Node: Hashable, Sendable {
        /// File or folder, after links.
        package var kind: EntryKind
        /// Bytes; 0 for a folder.
        package var size: Int64
        /// mtime of a file; zero for a folder.
        package var modified: Timestamp
        /// Content of a file.
        package var content: [UInt8]
    }

    /// Everything below the root, by path in bytes.
    package private(set) var nodes: [[UInt8]: Node] = [:]
    /// Where what was reached by a link really is, below the root, by the path that led there.
    package private(set) var targets: [[UInt8]: [UInt8]] = [:]
    private var problemCount = 0

    /// An empty volume.
    package init() {}

    /// Walks the folder at `root`.
    package init(walking root: String) {
        walk(Array(root.utf8), below: [], root: resolved(Array(root.utf8)) ?? [], above: [])
    }

    /// What the walk left out.
    package var problems: Int { problemCount }

    /// Number of files.
    package var files: Int { nodes.values.count { $0.kind == .file } }
    /// Number of folders, the root not counted.
    package var folders: Int { nodes.count - files }
    /// Bytes of content.
    package var bytes: Int64 { nodes.values.reduce(0) { $0 + $1.size } }

    /// Names directly in `folder`, as keys in order: a folder's with a slash behind it.
    package func keys(in folder: [UInt8]) -> [[UInt8]] {
        let prefix = folder.isEmpty ? [] : folder + [slash]
        return nodes.compactMap { path, node -> [UInt8]? in
            guard path.starts(with: prefix), path.count > prefix.count else { return nil }
            let name = path[prefix.count...]
            guard !name.contains(slash) else { return nil }
            return node.kind == .folder ? name + [slash] : Array(name)
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Paths of all folders, with the root.
    package var folderPaths: [[UInt8]] {
        [[]] + nodes.filter { $0.value.kind == .folder }.map(\.key)
    }

    /// The tree in which `other` takes the place of this one at and below `path`, and of the names
    /// on the way there: what a scan of a part should make of both.
    package func replacing(_ path: [UInt8], from other: ReferenceTree) -> ReferenceTree {
        var result = self
        var end = 0
        while true {
            let next = path[end...].firstIndex(of: slash) ?? path.count
            let part = Array(path[..<next])
            let now = other.nodes[part]
            if now?.kind != result.nodes[part]?.kind || now?.kind != .folder || next == path.count {
                result.remove(part)
                if let now { result.nodes[part] = now }
                if now?.kind != .folder { return result }
            }
            if next == path.count { break }
            end = next + 1
        }
        for (other, node) in other.nodes where other.starts(with: path + [slash]) {
            result.nodes[other] = node
        }
        return result
    }

    private mutating func remove(_ path: [UInt8]) {
        nodes = nodes.filter { $0.key != path && !$0.key.starts(with: path + [slash]) }
    }

    private mutating func walk(
        _ folder: [UInt8], below path: [UInt8], root: [UInt8], above: [[UInt8]]
    ) {
        guard let real = resolved(folder) else { return }
        let held = above + [real]
        for name in folderNames(folder) {
            let child = path.isEmpty ? name : path + [slash] + name
            let file = folder + [slash] + name
            guard String(validating: name, as: UTF8.self) != nil, child.count <= 1_024,
                let target = resolved(file),
                target == root || target.starts(with: root + [slash])
            else {
                problemCount += 1
                continue
            }
            let real = Array(target.dropFirst(root.count + 1))
            if real != child { targets[child] = real }
            var status = stat()
            guard withBytesPath(file, { stat($0, &status) }) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                let content = (try? DiskFile.read(String(decoding: file, as: UTF8.self))) ?? []
                nodes[child] = Node(
                    kind: .file, size: Int64(status.st_size),
                    modified: Timestamp(
                        nanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                            + Int64(status.st_mtim.tv_nsec)), content: content)
            case S_IFDIR:
                let leadsUp = held.contains { $0 == target || $0.starts(with: target + [slash]) }
                guard !leadsUp else {
                    problemCount += 1
                    continue
                }
                nodes[child] = Node(
                    kind: .folder, size: 0, modified: Timestamp(nanoseconds: 0), content: [])
                walk(file, below: child, root: root, above: held)
            default: problemCount += 1
            }
        }
    }

    private func resolved(_ path: [UInt8]) -> [UInt8]? {
        guard let pointer = withBytesPath(path, { realpath($0, nil) }) else { return nil }
        defer { free(pointer) }
        return Array(UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
    }
}

private let slash = UInt8(ascii: "/")
