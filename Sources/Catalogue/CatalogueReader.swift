package import VolumeModel

/// Look-ups in one catalogue, on one dedicated connection, for one thread at a time.
///
/// A published revision never changes, so the read transaction that a look-up opens is kept for the
/// next ones until `settle()`: a transaction per look-up costs two to five times the look-up.
package final class CatalogueReader {
    let connection: SQLiteConnection
    /// Whether the file was once seen to say which folders hold a class.
    var knowsClassIndex = false
    /// Whether the file is of a format with entity tags; a format is never taken back.
    var knowsTags = false
    /// The source that needs no fingerprints, once it was asked for; it stays the same.
    var knownOwnSource: Int?
    /// The same of tree digests.
    var knowsTrees = false

    /// - Throws: `.notFound`, `.newerFormat`, `.corrupt`, `.storageFailed`.
    package init(path: String) throws(PerigeeError) {
        connection = try SQLiteConnection(path: path, mode: .reading)
        guard try CatalogueSchema.check(connection, path: path) > 0 else {
            throw PerigeeError(
                .notFound, "the catalogue \(Printable.quoted(path)) is empty",
                remedy: "scan the volume")
        }
        try connection.execute("PRAGMA query_only = 1")
        try connection.execute("PRAGMA mmap_size = 268435456")
        try connection.execute("PRAGMA cache_size = -4096")
    }

    /// Lets go of the read transaction, so that the next look-up sees what has been committed and
    /// writers can reuse the log.
    package func settle() {
        guard connection.isInTransaction else { return }
        // Cannot fail while no statement is running; a failure would show at the next BEGIN.
        try? connection.execute("COMMIT")
    }

    func begin() throws(PerigeeError) {
        if !connection.isInTransaction { try connection.execute("BEGIN") }
    }

    /// The entry called `name` in `folder` as revision `revision` has it, or nil.
    ///
    /// - Throws: `.corrupt`, `.storageFailed`, `.busy`; the same holds for every call below.
    package func lookup(
        _ name: UnsafeRawBufferPointer, in folder: EntryID, revision: Int
    ) throws(PerigeeError) -> Entry? {
        // A key with a slash at its end is a folder's, and no name holds one.
        guard name.last != UInt8(ascii: "/") else { return nil }
        try begin()
        if let file = try probe(name, folder, revision) { return file }
        return try withUnsafeTemporary(count: name.count + 1) { key throws(PerigeeError) in
            key.copyMemory(from: name)
            key[name.count] = UInt8(ascii: "/")
            return try probe(UnsafeRawBufferPointer(key), folder, revision)
        }
    }

    private func probe(
        _ key: UnsafeRawBufferPointer, _ folder: EntryID, _ revision: Int
    ) throws(PerigeeError) -> Entry? {
        let statement = try connection.visibleRow(key, in: folder, revision: revision)
        defer { statement.reset() }
        return try statement.step() ? try Entry(statement, in: folder) : nil
    }

    /// At most `limit` entries of `folder` with keys after `key`, in key order.
    package func list(
        _ folder: EntryID, after key: [UInt8], limit: Int, revision: Int
    ) throws(PerigeeError) -> [Entry] {
        try list(folder, from: KeyBound.behind(key), limit: limit, revision: revision)
    }

    /// At most `limit` entries of `folder` with keys at or after `key`, in key order.
    package func list(
        _ folder: EntryID, from key: [UInt8], limit: Int, revision: Int
    ) throws(PerigeeError) -> [Entry] {
        try begin()
        let statement = try connection.visibleRows(
            of: folder, from: key, limit: limit, revision: revision)
        defer { statement.reset() }
        var entries: [Entry] = []
        while try statement.step() { entries.append(try Entry(statement, in: folder)) }
        return entries
    }

    /// The folder with that number, or nil where `revision` does not have it.
    package func folder(_ id: EntryID, revision: Int) throws(PerigeeError) -> Entry? {
        try begin()
        if id == .root {
            return Entry(
                id: .root, parent: .root, name: [], kind: .folder, size: 0,
                modified: Timestamp(nanoseconds: 0), version: VersionToken(bits: 0))
        }
        guard let (parent, name) = try connection.place(of: id) else { return nil }
        // Removing a folder removes every row below it, so its own row tells.
        let found = try withBytes(name + [UInt8(ascii: "/")]) { key throws(PerigeeError) in
            try probe(key, parent, revision)
        }
        return found?.id == id ? found : nil
    }

    /// The path of a folder in the volume, which it has for ever; nil for an unknown number.
    package func path(of folder: EntryID) throws(PerigeeError) -> [UInt8]? {
        try begin()
        var segments: [[UInt8]] = []
        var current = folder
        while current != .root {
            // A path of 1,024 bytes has at most 512 segments: more is a cycle.
            guard segments.count <= 512, let (parent, name) = try connection.place(of: current)
            else {
                return nil
            }
            segments.append(name)
            current = parent
        }
        return Array(segments.reversed().joined(separator: [UInt8(ascii: "/")]))
    }

    /// The entry at `path`, or nil.
    package func entry(at path: EntryPath, revision: Int) throws(PerigeeError) -> Entry? {
        guard var current = try folder(.root, revision: revision) else { return nil }
        for segment in path.segments {
            guard current.kind == .folder else { return nil }
            let found = try withBytes(Array(segment)) { name throws(PerigeeError) in
                try lookup(name, in: current.id, revision: revision)
            }
            guard let found else { return nil }
            current = found
        }
        return current
    }
}

extension Entry {
    /// From a row of `folder`.
    ///
    /// - Throws: `.corrupt` for a number without a place in node numbers, where it would be another
    ///   entry's, or a negative size.
    fileprivate init(_ statement: SQLiteStatement, in folder: EntryID) throws(PerigeeError) {
        let key = statement.bytes(EntryColumn.key)
        let isFolder = key.last == UInt8(ascii: "/")
        let id = EntryID(statement.integer(EntryColumn.id))
        let size = statement.integer(EntryColumn.size)
        guard id > .root, id <= .highest, size >= 0 else {
            throw PerigeeError(
                .corrupt, "entry \(id) of the catalogue has a number or a size out of range",
                remedy: "restore the state folder from a backup")
        }
        self.init(
            id: id, parent: folder,
            name: Array(UnsafeRawBufferPointer(rebasing: isFolder ? key.dropLast() : key[...])),
            kind: isFolder ? .folder : .file,
            size: size,
            modified: Timestamp(nanoseconds: statement.integer(EntryColumn.modified)),
            version: VersionToken(
                bits: UInt64(bitPattern: statement.integer(EntryColumn.version))),
            accessClass: AccessClassID(statement.integer(EntryColumn.accessClass)))
    }
}

/// `withUnsafeTemporaryAllocation` for a body that throws a typed error.
func withUnsafeTemporary<Result>(
    count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(PerigeeError) -> Result
) throws(PerigeeError) -> Result {
    let result = withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) {
        bytes -> Swift.Result<Result, PerigeeError> in
        do throws(PerigeeError) { return .success(try body(bytes)) } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

/// `withUnsafeBytes` of an array for a body that throws a typed error.
func withBytes<Result>(
    _ array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(PerigeeError) -> Result
) throws(PerigeeError) -> Result {
    let result = array.withUnsafeBytes { bytes -> Swift.Result<Result, PerigeeError> in
        do throws(PerigeeError) { return .success(try body(bytes)) } catch {
            return .failure(error)
        }
    }
    return try result.get()
}
