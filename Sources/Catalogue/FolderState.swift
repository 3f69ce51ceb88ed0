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
    init(_ statement: SQLiteStatement) {
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
