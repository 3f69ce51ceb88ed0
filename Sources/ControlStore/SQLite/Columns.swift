internal import GRDB
internal import VolumeModel

/// A row's values by position, with an error, not a trap, for a value of another type.
struct Columns {
    private let row: Row
    private let path: String

    /// Reads `row` of the database at `path`.
    init(_ row: Row, path: String) {
        self.row = row
        self.path = path
    }

    /// - Throws: `PerigeeError.corrupt`.
    func integer(_ index: Int) throws(PerigeeError) -> Int64 {
        try required(optionalInteger(index), index)
    }

    /// - Throws: `PerigeeError.corrupt`.
    func optionalInteger(_ index: Int) throws(PerigeeError) -> Int64? {
        switch storage(index) {
        case .null: return nil
        case .int64(let value): return value
        default: throw fault(index)
        }
    }

    /// - Throws: `PerigeeError.corrupt`.
    func text(_ index: Int) throws(PerigeeError) -> String {
        try required(optionalText(index), index)
    }

    /// - Throws: `PerigeeError.corrupt`.
    func optionalText(_ index: Int) throws(PerigeeError) -> String? {
        switch storage(index) {
        case .null: return nil
        case .string(let value): return value
        default: throw fault(index)
        }
    }

    /// - Throws: `PerigeeError.corrupt`.
    func blob(_ index: Int) throws(PerigeeError) -> [UInt8] {
        try required(optionalBlob(index), index)
    }

    /// - Throws: `PerigeeError.corrupt`.
    func optionalBlob(_ index: Int) throws(PerigeeError) -> [UInt8]? {
        switch storage(index) {
        case .null: return nil
        case .blob(let value): return Array(value)
        default: throw fault(index)
        }
    }

    /// A number as a revision's.
    ///
    /// - Throws: `PerigeeError.corrupt`.
    func revision(_ index: Int) throws(PerigeeError) -> RevisionNumber? {
        guard let value = try optionalInteger(index) else { return nil }
        return try required(Int(exactly: value).flatMap { RevisionNumber($0) }, index)
    }

    /// `value`, that a text stands for.
    ///
    /// - Throws: `PerigeeError.corrupt` where it is nil.
    func required<Value>(_ value: Value?, _ index: Int) throws(PerigeeError) -> Value {
        guard let value else { throw fault(index) }
        return value
    }

    private func storage(_ index: Int) -> DatabaseValue.Storage {
        let value: DatabaseValue = row[index]
        return value.storage
    }

    private func fault(_ index: Int) -> PerigeeError {
        SQLiteFailure.corrupt(path, "has a value in column \(index) that is none of its own")
    }
}
