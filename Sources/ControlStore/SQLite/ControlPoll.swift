internal import GRDB
internal import VolumeModel

/// Tells, look by look, whether the control store changed: what `ControlWatch` does on its thread.
struct ControlPoll {
    /// A connection that never writes, so every commit moves its `data_version`.
    private let queue: DatabaseQueue
    private let path: String
    /// Which file the connection has open.
    private let identifier: FileIdentifier
    /// The `data_version` before the last good read.
    private var version: Int64?
    /// The epoch that the caller knows.
    private var epoch: Epoch?
    /// The failure that was reported last, until a look succeeds.
    private var reported: PerigeeError?
    /// The policy of the last good read.
    private var policy: PolicyRead?

    /// Seconds that a look waits for a writer; readers of a WAL hardly ever do.
    private static let busyTimeout = 1.0

    /// - Throws: as `SQLiteControlStore.connect(_:busyTimeout:)`.
    init(path: String, known epoch: Epoch?) throws(PerigeeError) {
        queue = try SQLiteControlStore.connect(path, busyTimeout: Self.busyTimeout).queue
        guard let identifier = try FileIdentifier(path) else { throw Self.removed(path) }
        self.path = path
        self.identifier = identifier
        self.epoch = epoch
    }

    /// A snapshot where the epoch is another than the known one, or the store can be read again; a
    /// failure once, until it goes or becomes another; else nil. A busy store is no failure: the
    /// next look tells.
    mutating func look() -> Result<ControlSnapshot, PerigeeError>? {
        do throws(PerigeeError) {
            let found = try FileIdentifier(path)
            guard let found else { throw Self.removed(path) }
            guard found == identifier else { throw Self.replaced(path) }
            guard let snapshot = try read() else { return nil }
            defer { (epoch, reported) = (snapshot.epoch, nil) }
            return snapshot.epoch != epoch || reported != nil ? .success(snapshot) : nil
        } catch {
            guard error.code != .busy else { return nil }
            version = nil
            defer { reported = error }
            guard let last = reported, last.code == error.code, last.message == error.message
            else { return .failure(error) }
            return nil
        }
    }

    /// What is in the store, or nil where nobody wrote since the last read.
    private mutating func read() throws(PerigeeError) -> ControlSnapshot? {
        do {
            let seen = version
            var known = policy
            let result: (Int64?, ControlSnapshot?) = try queue.inDatabase { db in
                // Asked before the read: what is written between the two is seen once too often.
                let version = try Int64.fetchOne(db, sql: "PRAGMA data_version")
                if version == seen { return (version, nil) }
                var snapshot: ControlSnapshot?
                try db.inTransaction(.deferred) {
                    _ = try ControlSchema.checkedVersion(db, path: path)
                    snapshot = try ControlReader(db: db, path: path).snapshot(&known)
                    return .commit
                }
                return (version, snapshot)
            }
            (version, policy) = (result.0, known)
            return result.1
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    private static func removed(_ path: String) -> PerigeeError {
        PerigeeError(
            .storageFailed, "the control database \(Printable.quoted(path)) was removed",
            remedy: "put it back with its `-wal` file, then restart what serves it")
    }

    private static func replaced(_ path: String) -> PerigeeError {
        PerigeeError(
            .storageFailed,
            "the control database \(Printable.quoted(path)) was replaced by another file",
            remedy: "restart what serves it, so that it opens the new one")
    }
}
