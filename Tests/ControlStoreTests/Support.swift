import ControlStore
import Foundation
import Testing
import VolumeModel

/// Gives `body` a folder that is removed afterwards.
func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let url = FileManager.default.temporaryDirectory
        .appendingPathComponent("control-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}

/// Gives `body` a new state folder with its control database.
func withState<Value>(_ body: (StateFolder) throws -> Value) throws -> Value {
    try withTemporaryFolder { folder in
        let state = try StateFolder(path: "\(folder)/state")
        try state.create()
        try SQLiteControlStore.create(in: state)
        return try body(state)
    }
}

/// Gives `body` a new control store.
func withStore<Value>(_ body: (SQLiteControlStore) throws -> Value) throws -> Value {
    try withState { state in try body(SQLiteControlStore(state)) }
}

/// What `body` throws, or nil.
func failure(_ body: () throws -> Void) -> PerigeeError? {
    do {
        try body()
        return nil
    } catch {
        return error as? PerigeeError
    }
}

/// Looks every 2 ms until `condition` holds, for at most `seconds`.
func eventually(within seconds: Double, _ condition: () -> Bool) -> Bool {
    let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
    while monotonicNanoseconds() < deadline {
        if condition() { return true }
        usleep(2_000)
    }
    return condition()
}

extension OriginRoot {
    /// A root at `/archive/NAME`.
    static func sample(_ name: String = "archive") throws -> OriginRoot {
        OriginRoot(
            name: try RootName(name), origin: try OriginLocation(parsing: "posix:/archive/\(name)"),
            created: Timestamp(nanoseconds: 7))
    }
}

extension VolumeDraft {
    /// A volume with one source in `root`.
    static func sample(_ name: String = "hst-stis", root: String = "archive") throws -> VolumeDraft
    {
        VolumeDraft(
            name: try VolumeName(name), metadata: VolumeMetadata(title: "Spectra"),
            sources: [SourceDraft(root: try RootName(root), subpath: try EntryPath("stis/2024"))],
            created: Timestamp(nanoseconds: 8))
    }
}

extension RevisionRecord {
    /// Revision `number` of a volume, with a digest of its number.
    static func sample(_ number: Int, of name: String = "hst-stis") throws -> RevisionRecord {
        RevisionRecord(
            volume: try VolumeName(name), number: try #require(RevisionNumber(number)),
            publishedAt: Timestamp(nanoseconds: Int64(number)), files: 10, folders: 3, bytes: 5_000,
            stateDigest: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32),
            note: "number \(number)")
    }
}

extension SQLiteControlStore {
    /// Adds the sample root and volume.
    @discardableResult
    func addSample() throws -> VolumeRecord {
        try addVolume(.sample(), making: .sample())
    }
}
