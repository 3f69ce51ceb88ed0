internal import FoundationEssentials
internal import GRDB
internal import VolumeModel

/// A row's values by position, with an error, not a trap, where one is missing.
///
/// Tables are STRICT, so that a value is of its column's type or NULL; GRDB's way to look at types
/// costs more than all else of a row.
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

    func optionalInteger(_ index: Int) -> Int64? {
        row[index]
    }

    /// - Throws: `PerigeeError.corrupt`.
    func text(_ index: Int) throws(PerigeeError) -> String {
        try required(optionalText(index), index)
    }

    func optionalText(_ index: Int) -> String? {
        row[index]
    }

    /// - Throws: `PerigeeError.corrupt`.
    func blob(_ index: Int) throws(PerigeeError) -> [UInt8] {
        try required(optionalBlob(index), index)
    }

    func optionalBlob(_ index: Int) -> [UInt8]? {
        (row[index] as Data?).map { Array($0) }
    }

    /// A number that stands for false or true.
    ///
    /// - Throws: `PerigeeError.corrupt`.
    func flag(_ index: Int) throws(PerigeeError) -> Bool { try integer(index) != 0 }

    /// A number as nanoseconds since 1970.
    func timestamp(_ index: Int) -> Timestamp? {
        optionalInteger(index).map { Timestamp(nanoseconds: $0) }
    }

    /// A number as a revision's.
    ///
    /// - Throws: `PerigeeError.corrupt`.
    func revision(_ index: Int) throws(PerigeeError) -> RevisionNumber? {
        guard let value = optionalInteger(index) else { return nil }
        return try required(Int(exactly: value).flatMap { RevisionNumber($0) }, index)
    }

    /// `value`, that a text stands for.
    ///
    /// - Throws: `PerigeeError.corrupt` where it is nil.
    func required<Value>(_ value: Value?, _ index: Int) throws(PerigeeError) -> Value {
        guard let value else { throw fault(index) }
        return value
    }

    private func fault(_ index: Int) -> PerigeeError {
        SQLiteFailure.corrupt(path, "has a value in column \(index) that is none of its own")
    }
}
