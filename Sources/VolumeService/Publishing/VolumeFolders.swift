internal import ControlStore
internal import Glibc
internal import VolumeModel

/// Where the folders of volumes really are.
enum VolumeFolders {
    /// How long a root that is not scanned may take to tell its real path.
    private static let patience = Duration.seconds(5)

    /// The folders of all volumes but one, as seen from the origin root at `path`: those below it,
    /// and the root itself where one of them holds it.
    ///
    /// Paths are compared with all links resolved, since two roots can be called differently and lie
    /// in one another all the same. A root that does not answer is taken as it is written.
    static func others(
        than volume: VolumeRecord, in snapshot: ControlSnapshot, below path: String
    ) -> [EntryPath] {
        let real = realPath(path)
        var folders: Set<EntryPath> = []
        var roots: [RootName: String] = [:]
        for other in snapshot.volumes where other.ordinal != volume.ordinal {
            for source in other.sources {
                guard let root = snapshot.root(named: source.root) else { continue }
                let base: String
                if let known = roots[source.root] {
                    base = known
                } else {
                    // What lies on another machine is in no folder of this one.
                    guard case .posix(let path) = root.origin else { continue }
                    base = realPath(path)
                    roots[source.root] = base
                }
                let folder =
                    source.subpath.isRoot
                    ? base : base == "/" ? "/\(source.subpath)" : "\(base)/\(source.subpath)"
                if let below = self.folder(folder, below: real) { folders.insert(below) }
            }
        }
        return Array(folders)
    }

    /// `folder` as seen from `root`; the root where it lies in the folder; nil where neither is so.
    private static func folder(_ folder: String, below root: String) -> EntryPath? {
        let folder = Array(folder.utf8)
        let root = Array(root.utf8)
        if isIn(root, folder) { return .root }
        guard isIn(folder, root) else { return nil }
        return try? EntryPath(trimmingSlashes: folder.dropFirst(root.count))
    }

    private static func isIn(_ path: [UInt8], _ folder: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        return path == folder || folder == [slash]
            || (path.starts(with: folder) && path[folder.count] == slash)
    }

    private static func realPath(_ path: String) -> String {
        let resolved = try? Deadline.run(within: patience, "") { () throws(PerigeeError) in
            guard let pointer = realpath(path, nil) else { return path }
            defer { free(pointer) }
            return String(cString: pointer)
        }
        return resolved ?? path
    }
}
