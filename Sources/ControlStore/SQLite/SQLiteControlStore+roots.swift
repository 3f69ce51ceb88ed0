internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func addRoot(_ root: OriginRoot) throws(PerigeeError) {
        try changing { reader in try insert(root, reader) }
    }

    package func root(named name: RootName) throws(PerigeeError) -> OriginRoot {
        try reading { reader in try reader.root(named: name) }
    }

    package func roots() throws(PerigeeError) -> [OriginRoot] {
        try reading { reader in try reader.roots() }
    }

    package func removeRoot(named name: RootName) throws(PerigeeError) {
        try changing { reader in
            let root = try reader.root(named: name)
            let users = try reader.volumes()
                .filter { $0.sources.contains { $0.root == name } }
                .map(\.name.string)
            guard users.isEmpty else {
                throw PerigeeError(
                    .conflict,
                    "the root \(name) is used by \(users.prefix(5).joined(separator: ", "))"
                        + (users.count > 5 ? " and \(users.count - 5) more" : ""),
                    remedy: "remove what uses it first")
            }
            try reader.db.execute(
                sql: "DELETE FROM root WHERE name = ?", arguments: [name.string])
            try record(reader.db, .rootRemoved, name.string, root.origin.description)
        }
    }

    package func setTrust(
        _ trust: RemoteSettings.Trust, ofRoot name: RootName
    ) throws(PerigeeError) {
        try changing { reader in
            let root = try reader.root(named: name)
            let changed = try root.trusted(trust)
            guard changed != root else { return }
            try reader.db.execute(
                sql: "UPDATE root SET remote = ? WHERE name = ?",
                arguments: [try changed.remote?.encoded, name.string])
            try record(reader.db, .rootChanged, name.string, "trust \(trust.rawValue)")
        }
    }

    /// Adds a root within a change.
    ///
    /// - Throws: `.conflict` where there is one of that name.
    func insert(_ root: OriginRoot, _ reader: ControlReader) throws {
        guard try reader.roots(named: root.name).isEmpty else {
            throw PerigeeError(
                .conflict, "there is a root \(root.name) already",
                remedy: "choose another name, use that root (--source \(root.name):), or, where no "
                    + "volume uses it, take it away: perigee root rm \(root.name)")
        }
        try reader.db.execute(
            sql: """
                INSERT INTO root (name, origin, files, locality, fingerprint, created, remote)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                root.name.string, root.origin.description, root.files.rawValue,
                root.locality.rawValue, root.fingerprint.rawValue, root.created.nanoseconds,
                try root.remote?.encoded,
            ])
        try record(reader.db, .rootAdded, root.name.string, root.origin.description)
    }
}
