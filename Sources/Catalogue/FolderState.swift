internal import VolumeModel

/// Totals and digests of a folder from one revision on.
package struct FolderState: Hashable, Sendable {
    /// The revision in which it came to be so.
    package var added: Int
    /// The files directly in it.
    package var own: OwnState
    /// Files below it at any depth.
    package var files: Int64
    /// Folders below it at any depth.
    package var folders: Int64
    /// Bytes of content below it.
    package var bytes: Int64
    /// The state digest, 32 bytes.
    package var state: [UInt8]
    /// The content digest, 32 bytes, where every file below has a SHA-256.
    package var content: [UInt8]?

    /// What the files directly in a folder amount to.
    package struct OwnState: Hashable, Sendable {
        /// How many.
        package var files: Int64 = 0
        /// Bytes of content.
        package var bytes: Int64 = 0
        /// Their part of the state digest, 32 bytes.
        package var state: [UInt8]
        /// Their part of the content digest, where each has a SHA-256.
        package var content: [UInt8]?
    }

    init(
        added: Int, own: OwnState, files: Int64, folders: Int64, bytes: Int64, state: [UInt8],
        content: [UInt8]?
    ) {
        self.added = added
        self.own = own
        self.files = files
        self.folders = folders
        self.bytes = bytes
        self.state = state
        self.content = content
    }

    /// From the columns of `folder_state` behind `folder`, in the table's order.
    fileprivate init(_ statement: SQLiteStatement) {
        self.init(
            added: Int(statement.integer(0)),
            own: OwnState(
                files: statement.integer(1), bytes: statement.integer(2),
                state: statement.array(3), content: statement.optionalArray(4)),
            files: statement.integer(5), folders: statement.integer(6),
            bytes: statement.integer(7), state: statement.array(8),
            content: statement.optionalArray(9))
    }
}

extension SQLiteConnection {
    /// A folder's state as revision `revision` has it, or nil.
    func folderState(of folder: EntryID, upTo revision: Int) throws(PerigeeError) -> FolderState? {
        let statement = try statement(
            """
            SELECT added, own_files, own_bytes, own_state, own_content, files, folders, bytes,
                   state, content
            FROM folder_state WHERE folder = ?1 AND added <= ?2 ORDER BY added DESC LIMIT 1
            """)
        defer { statement.reset() }
        statement.bind(1, folder.value)
        statement.bind(2, revision)
        return try statement.step() ? FolderState(statement) : nil
    }

    /// Stores the state of a folder from revision `state.added` on.
    func store(_ state: FolderState, of folder: EntryID) throws(PerigeeError) {
        let statement = try statement(
            """
            INSERT OR REPLACE INTO folder_state(
                folder, added, own_files, own_bytes, own_state, own_content, files, folders, bytes,
                state, content)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """)
        statement.bind(1, folder.value)
        statement.bind(2, state.added)
        statement.bind(3, state.own.files)
        statement.bind(4, state.own.bytes)
        statement.bind(5, copying: state.own.state)
        statement.bind(6, copying: state.own.content)
        statement.bind(7, state.files)
        statement.bind(8, state.folders)
        statement.bind(9, state.bytes)
        statement.bind(10, copying: state.state)
        statement.bind(11, copying: state.content)
        try statement.run()
    }
}
