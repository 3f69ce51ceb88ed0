package import AccessControl
package import VolumeModel

extension NaiveAccess {
    /// An entry of a revision.
    package struct Item: Hashable, Sendable {
        /// Its path.
        package var path: [UInt8]
        /// File or folder.
        package var kind: EntryKind
        /// Its class.
        package var accessClass: AccessClassID

        /// Puts an entry together.
        package init(path: [UInt8], kind: EntryKind, accessClass: AccessClassID = .none) {
            self.path = path
            self.kind = kind
            self.accessClass = accessClass
        }
    }

    /// What exists for the requester of a revision that holds `items` and the root, and its level:
    /// of a file `list` or `read`; of a folder, with the root under the empty path, its own level,
    /// or `list` where that is lower.
    ///
    /// A folder exists where something below it is at `list` or above, or where the revision holds
    /// nothing below it and its own level is; the root where something below it is, or where the
    /// level on the volume is.
    package func visible(
        _ items: [Item], in volume: VolumeName
    ) -> [[UInt8]: AccessLevel] {
        var visible: [[UInt8]: AccessLevel] = [:]
        var levels: [[UInt8]: AccessLevel] = [:]
        for item in items {
            levels[item.path] = level(of: item.path, item.accessClass, in: volume)
        }
        let isBelow = { (path: [UInt8], folder: [UInt8]) in
            folder.isEmpty ? !path.isEmpty : path.starts(with: folder + [UInt8(ascii: "/")])
        }
        // What is there by its own right: files, and folders that hold nothing.
        for item in items {
            let level = levels[item.path] ?? .none
            let isEmpty = !items.contains { isBelow($0.path, item.path) }
            if level >= .list, item.kind == .file || isEmpty { visible[item.path] = level }
        }
        for item in items where item.kind == .folder && visible[item.path] == nil {
            if visible.keys.contains(where: { isBelow($0, item.path) }) {
                visible[item.path] = max(levels[item.path] ?? .none, .list)
            }
        }
        let onVolume = level(on: volume)
        if !visible.isEmpty || onVolume >= .list { visible[[]] = max(onVolume, .list) }
        return visible
    }
}
