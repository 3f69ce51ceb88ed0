package import AccessControl
internal import VolumeModel
package import VolumeService

/// What one principal has to see of one revision, told by the plainest of code: levels of all its
/// entries by the naive evaluator, and folders from what is below them.
package struct AccessSight: Sendable {
    /// The revision.
    package let tree: ReferenceTree
    /// The level of each entry.
    package let levels: [[UInt8]: AccessLevel]
    /// The entries that exist for the principal.
    package let visible: Set<[UInt8]>
    /// Whether the volume itself has a folder for him.
    package let isRootVisible: Bool

    /// - Parameters:
    ///   - volume: the level on the volume itself.
    ///   - level: that of the entry at a path.
    package init(
        of tree: ReferenceTree, showing: ShownEntries, volume: AccessLevel,
        level: ([UInt8]) -> AccessLevel
    ) {
        self.tree = tree
        var levels: [[UInt8]: AccessLevel] = [:]
        var visible: Set<[UInt8]> = []
        let parents = Set(tree.nodes.keys.map { AccessSight.parent(of: $0) })
        for (path, node) in tree.nodes {
            let level = level(path)
            levels[path] = level
            let least = node.kind == .file && showing == .readable ? AccessLevel.read : .list
            // Of folders only empty ones stand for themselves.
            guard node.kind == .file || !parents.contains(path), level >= least else { continue }
            var shown = path
            while !shown.isEmpty, visible.insert(shown).inserted {
                shown = AccessSight.parent(of: shown)
            }
        }
        self.levels = levels
        self.visible = visible
        isRootVisible = !visible.isEmpty || volume >= .list
    }

    /// The sight of somebody to whom the volume, or the revision, does not exist.
    package static let nothing = AccessSight(
        of: ReferenceTree(), showing: .listed, volume: .none, level: { _ in .none })

    /// The same without the folders that hold no file that is shown.
    package var withoutEmptyFolders: AccessSight {
        var shown: Set<[UInt8]> = []
        for path in visible where tree.nodes[path]?.kind == .file {
            var path = path
            while !path.isEmpty, shown.insert(path).inserted { path = Self.parent(of: path) }
        }
        return AccessSight(self, visible: shown)
    }

    private init(_ sight: AccessSight, visible: Set<[UInt8]>) {
        tree = sight.tree
        levels = sight.levels
        isRootVisible = sight.isRootVisible
        self.visible = visible
    }

    /// Whether every entry is shown.
    package var isWhole: Bool { visible.count == tree.nodes.count }

    /// Whether the entry, or the volume, at `path` is shown.
    package func shows(_ path: [UInt8]) -> Bool {
        path.isEmpty ? isRootVisible : visible.contains(path)
    }

    /// Whether the bytes of the file at `path` may be read.
    package func mayRead(_ path: [UInt8]) -> Bool { levels[path] == .read }

    /// Names in the folder at `path`, in the order of their keys.
    package func names(in path: [UInt8]) -> [[UInt8]] {
        tree.keys(in: path).compactMap { key in
            let name = key.last == slash ? Array(key.dropLast()) : key
            return visible.contains(path.isEmpty ? name : path + [slash] + name) ? name : nil
        }
    }

    private static func parent(of path: [UInt8]) -> [UInt8] {
        path.lastIndex(of: slash).map { Array(path[..<$0]) } ?? []
    }
}

private let slash = UInt8(ascii: "/")
