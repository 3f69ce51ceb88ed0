internal import CSQLite
internal import VolumeModel

/// A prepared statement: bind, step, read columns by position.
///
/// Bound bytes are copied only where `bind(_:bytes:)` says so; elsewhere they must live until the
/// statement is reset.
final class SQLiteStatement {
    private let raw: OpaquePointer
    private let error: (Int32) -> PerigeeError

    init(_ raw: OpaquePointer, error: @escaping (Int32) -> PerigeeError) {
        self.raw = raw
        self.error = error
    }

    func finalize() { sqlite3_finalize(raw) }

    func reset() { sqlite3_reset(raw) }

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(raw, index, value) }

    func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(raw, index, Int64(value)) }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(raw, index) }
    }

    /// Binds bytes that outlive the step.
    func bind(_ index: Int32, borrowing bytes: UnsafeRawBufferPointer) {
        // A null pointer would bind NULL; an empty key is an empty blob.
        if bytes.count == 0 {
            sqlite3_bind_zeroblob(raw, index, 0)
        } else {
            sqlite3_bind_blob(raw, index, bytes.baseAddress, Int32(bytes.count), nil)
        }
    }

    /// Binds a copy.
    func bind(_ index: Int32, copying bytes: some Sequence<UInt8>) {
        let isBound: Void? = bytes.withContiguousStorageIfAvailable { bind(index, copying: $0) }
        if isBound == nil { Array(bytes).withUnsafeBufferPointer { bind(index, copying: $0) } }
    }

    private func bind(_ index: Int32, copying bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count == 0 {
            sqlite3_bind_zeroblob(raw, index, 0)
        } else {
            sqlite3_bind_blob(raw, index, bytes.baseAddress, Int32(bytes.count), Self.transient)
        }
    }

    func bind(_ index: Int32, copying bytes: [UInt8]?) {
        if let bytes { bind(index, copying: bytes) } else { sqlite3_bind_null(raw, index) }
    }

    func bind(_ index: Int32, optionalText text: String?) {
        if let text { bind(index, text: text) } else { sqlite3_bind_null(raw, index) }
    }

    func bind(_ index: Int32, text: String) {
        sqlite3_bind_text(raw, index, text, -1, Self.transient)
    }

    /// Whether there is a row.
    ///
    /// - Throws: `.busy`, `.corrupt`, `.storageFailed`.
    func step() throws(PerigeeError) -> Bool {
        let code = sqlite3_step(raw)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let failure = error(code)
        sqlite3_reset(raw)
        throw failure
    }

    /// Steps a statement that returns nothing, and resets it.
    func run() throws(PerigeeError) {
        while try step() {}
        reset()
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(raw, column) }

    func optionalInteger(_ column: Int32) -> Int64? {
        sqlite3_column_type(raw, column) == SQLITE_NULL ? nil : integer(column)
    }

    /// The bytes of a column, valid until the next step or reset.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let base = sqlite3_column_blob(raw, column)
        return UnsafeRawBufferPointer(
            start: base, count: base == nil ? 0 : Int(sqlite3_column_bytes(raw, column)))
    }

    func array(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

    func optionalArray(_ column: Int32) -> [UInt8]? {
        sqlite3_column_type(raw, column) == SQLITE_NULL ? nil : array(column)
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    /// SQLITE_TRANSIENT, a macro of a cast that Swift does not import.
    private static var transient: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
