package import VolumeModel
package import VolumeService

/// Everything that can be told of a node.
package struct NodeDetails: Sendable {
    /// The node.
    package let node: Node
    /// Its row.
    package let entry: Entry
    /// The state of the volume that it was reached through; nil for what belongs
    /// to no volume.
    package let snapshot: VolumeSnapshot?
    /// Path, digests and the revision it came in; nil for what belongs
    /// to no volume.
    package let details: EntryDetails?
}

extension VolumeFileSystem {
    /// What is known of a node that was looked up.
    ///
    /// - Throws: `.stale`, and what the service throws.
    package func details(of node: Node) throws(PerigeeError) -> NodeDetails {
        switch try resolve(node) {
        case .names, .session, .receipt:
            let shown = try attributes(of: node)
            let entry = Entry(
                id: .root, parent: .root, name: [], kind: shown.kind, size: 0,
                modified: shown.modified, version: VersionToken(bits: 0))
            return NodeDetails(node: node, entry: entry, snapshot: nil, details: nil)
        case .folder(let folder):
            return try sinceGone { () throws(PerigeeError) in
                try details(of: try row(of: folder), node: node, folder.view.snapshot)
            }
        case .file:
            guard let (entry, number) = nodes.entry(node) else { throw Self.vanished }
            let snapshot = try view(number).snapshot
            return try sinceGone { () throws(PerigeeError) in
                try details(of: entry, node: node, snapshot)
            }
        }
    }

    /// What is known of the entry called `name` in a folder, without opening it and without counting
    /// a lookup.
    ///
    /// - Throws: `.notFound` where there is none, `.notADirectory`, `.stale`, `.nameTooLong`.
    package func details(
        of name: UnsafeRawBufferPointer, in parent: Node
    ) throws(PerigeeError) -> NodeDetails {
        guard let found = try lookup(name, in: parent) else {
            throw PerigeeError(.notFound, "there is no \(Printable.quoted(Array(name)))")
        }
        let node = found.attributes.node
        defer { forget(node, lookups: 1) }
        return try details(of: node)
    }

    private func details(
        of entry: Entry, node: Node, _ snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> NodeDetails {
        NodeDetails(
            node: node, entry: entry, snapshot: snapshot,
            details: try service.details(of: entry, in: snapshot))
    }
}
