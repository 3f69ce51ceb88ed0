package import VolumeModel
package import VolumeService

/// Keys of files in memory, listed the way the S3 API reference words it: sort all, filter, group.
package struct NaiveKeys {
    /// The files by key, in byte order.
    private let files: [(key: [UInt8], entry: Entry)]

    /// Sorts the files.
    package init(_ files: [(key: [UInt8], entry: Entry)]) {
        self.files = files.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// The files of a tree.
    package init(_ tree: FakeVolumeService.Tree) {
        var files: [(key: [UInt8], entry: Entry)] = []
        func gather(_ folder: EntryID, _ path: [UInt8]) {
            for row in tree.children[folder] ?? [] {
                switch row.kind {
                case .file: files.append((path + row.name, row))
                case .folder: gather(row.id, path + row.name + [UInt8(ascii: "/")])
                }
            }
        }
        gather(.root, [])
        self.init(files)
    }

    /// A page; patience counts for nothing.
    package func page(_ walk: KeyWalk) -> KeyPage {
        var page = KeyPage()
        for (key, entry) in files where key.starts(with: walk.prefix) {
            let group = group(of: key, walk)
            // A group stands where its own bytes are.
            let place = group ?? key
            switch walk.start {
            case .beginning: break
            case .from(let bound): if key.lexicographicallyPrecedes(bound) { continue }
            case .after(let bound):
                let isBehind =
                    bound.lexicographicallyPrecedes(place) && !(group.map(bound.starts) ?? false)
                if !isBehind { continue }
            }
            if page.items.last?.key == place { continue }
            if page.items.count == walk.limit {
                page.next = page.items.last.map { .after($0.key) }
                return page
            }
            page.items.append(
                group.map { .group($0) }
                    ?? .file(KeyedFile(key: key, entry: entry, digest: nil)))
        }
        return page
    }

    private func group(of key: [UInt8], _ walk: KeyWalk) -> [UInt8]? {
        guard !walk.delimiter.isEmpty else { return nil }
        let rest = key.dropFirst(walk.prefix.count)
        for start in rest.indices where rest[start...].starts(with: walk.delimiter) {
            return Array(key[..<(start + walk.delimiter.count)])
        }
        return nil
    }
}
