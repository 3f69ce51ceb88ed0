internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import Synchronization
package import VolumeModel

/// The control store as one SQLite file in the state folder.
///
/// WAL, so that readers never wait for a writer; synchronous FULL, so that what was acknowledged
/// survives a power cut; BEGIN IMMEDIATE for changes, so that two of them wait for each other
/// rather than fail half-way. GRDB turns on foreign keys, and double-quoted string literals off.
package final class SQLiteControlStore: ControlStore {
    /// Seconds that a change waits for another process's.
    private static let busyTimeout = 10.0

    /// One connection, which calls take in turn: control is small, and servers answer by snapshots.
    let queue: DatabaseQueue
    /// Whether it can only read, since the disk was full when it was opened.
    private let isFull: Bool
    /// The database file, for messages.
    let path: String
    /// Who is entered as the actor of events.
    private let actor: EventActor
    /// Gives the times of events.
    let now: @Sendable () -> Timestamp
    /// The policy that a snapshot read last.
    private let policy = Mutex<PolicyRead?>(nil)

    /// Makes the database in a state folder that was made before; does nothing where there is one.
    ///
    /// It is made under another name and linked to its own when it is whole, so a database that is
    /// empty or half made is never seen, and of two processes one makes it.
    ///
    /// - Throws: what `StateFolder.open()` throws; `.corrupt` where the folder was in use and has
    ///   lost its database; `.storageFailed`, and what opening throws.
    package static func create(in state: StateFolder) throws(PerigeeError) {
        try state.open()
        let path = state.controlPath
        if !fileExists(path) {
            // A new database would give ordinals again, and SQLite would play an old WAL into it.
            guard try folderNames(state.cataloguesFolder).isEmpty, !fileExists("\(path)-wal") else {
                throw SQLiteFailure.corrupt(
                    path, "is gone, although the state folder has been in use")
            }
            try make(path)
        }
        _ = try SQLiteControlStore(state)
    }

    /// Opens the database of a state folder and brings an older one up to date.
    ///
    /// - Parameters:
    ///   - actor: the real user ID that events name, with what that user is called.
    ///   - now: the clock that events take their times from.
    /// - Throws: what `StateFolder.open()` throws; `.notFound` where there is no database;
    ///   `.corrupt`, `.newerFormat`, `.busy`, `.storageFailed`.
    package init(
        _ state: StateFolder, actor: UInt32 = getuid(),
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws(PerigeeError) {
        try state.open()
        let path = state.controlPath
        self.path = path
        self.actor = EventActor(user: actor)
        self.now = now
        let connection = try Self.connect(path, busyTimeout: Self.busyTimeout)
        queue = connection.queue
        isFull = connection.isFull
        let version = try reading { reader in
            let version = try ControlSchema.checkedVersion(reader.db, path: path)
            let mode = try String.fetchOne(reader.db, sql: "PRAGMA journal_mode")
            guard mode == "wal" else {
                throw SQLiteFailure.corrupt(path, "is not in WAL mode, in which it was made")
            }
            return version
        }
        if version < ControlSchema.version { try migrate() }
    }

    /// A connection to an existing database, with what every connection sets; on a full disk one
    /// that only reads.
    ///
    /// - Parameter busyTimeout: seconds.
    /// - Throws: `.notFound`, `.corrupt`, `.storageFailed`.
    static func connect(
        _ path: String, busyTimeout: Double
    ) throws(PerigeeError) -> ControlConnection {
        guard let size = fileSize(path) else {
            throw PerigeeError(
                .notFound, "there is no control database \(Printable.quoted(path))",
                remedy: "run `perigee init`, or restore the state folder from a backup")
        }
        guard size > 0 else { throw SQLiteFailure.corrupt(path, "is empty") }
        var configuration = configuration(busyTimeout: busyTimeout)
        do {
            if !FullDisk.isFull(path) {
                do {
                    let queue = try DatabaseQueue(path: path, configuration: configuration)
                    return ControlConnection(queue: queue, isFull: false)
                } catch let error as DatabaseError
                    where error.extendedResultCode.rawValue == FullDisk.noSharedMemory
                {
                    // A quota, which statvfs does not tell.
                }
            }
            configuration.readonly = true
            let queue = try DatabaseQueue(path: FullDisk.uri(path), configuration: configuration)
            return ControlConnection(queue: queue, isFull: true)
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    package func snapshot() throws(PerigeeError) -> ControlSnapshot {
        try reading { reader in
            // Taken out for the read: no lock is held over it, and calls take turns anyway.
            var known = policy.withLock { $0 }
            let snapshot = try reader.snapshot(&known)
            let read = known
            policy.withLock { $0 = read }
            return snapshot
        }
    }

    package func history(
        after sequence: Int64, limit: Int
    ) throws(PerigeeError) -> [ControlEvent] {
        try reading { reader in try reader.events(after: sequence, limit: limit) }
    }

    /// Runs `body` in a read transaction.
    func reading<Value>(_ body: (ControlReader) throws -> Value) throws(PerigeeError) -> Value {
        do {
            return try queue.read { db in try body(ControlReader(db: db, path: path)) }
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    /// Runs `body` in a write transaction, undone where it throws. Whatever it changes, it enters
    /// with `record`.
    func changing<Value>(_ body: (ControlReader) throws -> Value) throws(PerigeeError) -> Value {
        if isFull { throw FullDisk.error(path) }
        do {
            return try queue.write { db in try body(ControlReader(db: db, path: path)) }
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    /// Appends the event of a change to the chain and raises the epoch, in the change's own
    /// transaction: a change that cannot be entered is undone.
    func record(
        _ db: Database, _ action: ControlAction, _ subject: String, _ detail: String = ""
    ) throws {
        try append(db, action, subject, detail)
        try raiseEpoch(db, bearsOnPolicy: action.bearsOnPolicy)
    }

    /// Appends an event to the chain.
    func append(
        _ db: Database, _ action: ControlAction, _ subject: String, _ detail: String
    ) throws {
        let head = try ControlReader(db: db, path: path).head()
        let fields = EventChain.Fields(
            sequence: head.sequence + 1, at: now().nanoseconds, actor: Int64(actor.user),
            actorName: actor.name, action: action.rawValue, subject: subject, detail: detail)
        let hash = EventChain.hash(after: head.hash, fields)
        try db.cachedStatement(
            sql: """
                INSERT INTO event (
                    sequence, at, actor, actor_name, action, subject, detail, hash
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            fields.sequence, fields.at, fields.actor, fields.actorName, fields.action,
            fields.subject, fields.detail, Data(hash),
        ])
    }

    /// Raises the epoch within a change.
    func raiseEpoch(_ db: Database, bearsOnPolicy: Bool) throws {
        try db.cachedStatement(
            sql: bearsOnPolicy
                ? "UPDATE epoch SET value = value + 1, policy = value + 1"
                : "UPDATE epoch SET value = value + 1"
        ).execute()
    }

    private func migrate() throws(PerigeeError) {
        if isFull { throw FullDisk.error(path) }
        let path = path
        do {
            try ControlSchema.migrate(queue)
        } catch {
            // Another process may have done it between our look and our turn.
            let version = try reading { reader in
                try ControlSchema.checkedVersion(reader.db, path: path)
            }
            guard version == ControlSchema.version else {
                throw SQLiteFailure.translated(error, path: path)
            }
        }
    }
}

extension SQLiteControlStore {
    private static func configuration(busyTimeout: Double) -> Configuration {
        var configuration = Configuration()
        configuration.label = "control"
        configuration.busyMode = .timeout(busyTimeout)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    private static func make(_ path: String) throws(PerigeeError) {
        let draft = draftName(of: path)
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { _ = unlink(draft + suffix) } }
        // SQLite gives its companion files the mode of the database.
        let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw storageFailed(path, errno) }
        close(descriptor)
        do {
            let queue = try DatabaseQueue(
                path: draft, configuration: configuration(busyTimeout: busyTimeout))
            try queue.inDatabase { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
            try ControlSchema.migrate(queue)
            try queue.close()
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
        guard link(draft, path) == 0 || errno == EEXIST else { throw storageFailed(path, errno) }
        try syncFolder(of: path)
    }
}
