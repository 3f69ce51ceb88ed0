package import VolumeModel

/// Goes through a whole revision, and makes its digests anew from the rows.
package struct RevisionChecker {
    private let reader: CatalogueReader
    private let revision: Int

    /// Takes a reader for as long as the check lasts.
    package init(reader: CatalogueReader, revision: Int) {
        self.reader = reader
        self.revision = revision
    }

    /// Calls `body` for every file, with the path of its folder; folder by folder, in key order.
    package func files(_ body: (Entry, [UInt8]) throws(PerigeeError) -> Void)
        throws(PerigeeError)
    {
        var stack: [(EntryID, [UInt8])] = [(.root, [])]
        while let (folder, path) = stack.popLast() {
            var below: [(EntryID, [UInt8])] = []
            try pages(of: folder) { entry throws(PerigeeError) in
                if entry.kind == .file {
                    try body(entry, path)
                } else {
                    below.append(
                        (
                            entry.id,
                            path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
                        )
                    )
                }
            }
            stack.append(contentsOf: below.reversed())
        }
    }

    /// Whether the rows give the state digest that stands in the catalogue, and `recorded`, that of
    /// the control store, where it is given.
    package func isSound(recorded: [UInt8]?) throws(PerigeeError) -> Bool {
        let stored = try reader.revision(revision)?.state
        let made = try state(of: .root)
        return stored == made && (recorded == nil || recorded == made)
    }

    private func state(of folder: EntryID) throws(PerigeeError) -> [UInt8] {
        var own = Merkle(.stateFiles)
        var below: [Entry] = []
        try pages(of: folder) { entry throws(PerigeeError) in
            if entry.kind == .file {
                own.add(
                    file: entry.name, size: entry.size, modified: entry.modified.nanoseconds,
                    version: entry.version.bits)
            } else {
                below.append(entry)
            }
        }
        var whole = Merkle(.stateFolder)
        whole.add(digest: own.finalize())
        // By name, where the listing is by key.
        for entry in below.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            whole.add(
                folder: entry.name, modified: entry.modified.nanoseconds,
                digest: try state(of: entry.id))
        }
        return whole.finalize()
    }

    private func pages(of folder: EntryID, _ body: (Entry) throws(PerigeeError) -> Void)
        throws(PerigeeError)
    {
        var key: [UInt8] = []
        while true {
            let page = try reader.list(folder, after: key, limit: 1_000, revision: revision)
            for entry in page { try body(entry) }
            guard page.count == 1_000, let last = page.last else { return }
            key = last.key
        }
    }
}
