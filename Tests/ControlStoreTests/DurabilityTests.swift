import Foundation
import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Control database on disk")
struct DurabilityTests {
    @Test("Reopening gives back everything")
    func reopen() throws {
        try withState { state in
            let before = try {
                let store = try SQLiteControlStore(state)
                try store.addSample()
                try store.publish(.sample(1))
                return try store.snapshot()
            }()
            try SQLiteControlStore.create(in: state)
            #expect(try SQLiteControlStore(state).snapshot() == before)
            let mode = try FileManager.default.attributesOfItem(atPath: state.controlPath)
            #expect(mode[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("Connections are in WAL with synchronous FULL, foreign keys on, double quotes off")
    func settings() throws {
        try withStore { store in
            let pragmas = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout"]
            let values = try store.queue.read { db in
                try pragmas.map { try String.fetchOne(db, sql: "PRAGMA \($0)") }
            }
            #expect(values == ["wal", "2", "1", "10000"])
            #expect(throws: DatabaseError.self) {
                try store.queue.read { db in try Row.fetchAll(db, sql: "SELECT \"x\"") }
            }
        }
    }

    @Test("What a writer had not committed when it died is not there, what it had is")
    func crash() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            try store.addSample()
            try withTemporaryFolder { folder in
                let copy = try StateFolder(path: "\(folder)/copy")
                try store.queue.write { db in
                    // Pages go to the WAL before the commit, as in a large transaction.
                    try db.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
                    try db.execute(sql: "UPDATE volume SET title = 'half'")
                    for number in 1...2_000 {
                        try db.execute(
                            sql: """
                                INSERT INTO event (
                                    at, actor, actor_name, action, subject, detail, hash
                                ) VALUES (
                                    ?, 0, '', 'published', 'x', hex(randomblob(100)),
                                    randomblob(32))
                                """, arguments: [number])
                    }
                    // What the disk holds now is what a kill leaves.
                    try FileManager.default.copyItem(atPath: state.path, toPath: copy.path)
                }
                let wal = try FileManager.default.attributesOfItem(
                    atPath: "\(copy.controlPath)-wal")
                #expect((wal[.size] as? Int ?? 0) > 100_000)
                let after = try SQLiteControlStore(copy)
                #expect(try after.volume(named: VolumeName("hst-stis")).metadata.title == "Spectra")
                #expect(try after.history(after: 0, limit: 10).count == 2)
            }
        }
    }

    @Test("An absent database says to run perigee init")
    func absent() throws {
        try withTemporaryFolder { folder in
            let state = try StateFolder(path: "\(folder)/state")
            try state.create()
            let error = failure { _ = try SQLiteControlStore(state) }
            #expect(error?.code == .notFound)
            #expect(error?.remedy?.contains("perigee init") == true)
        }
    }

    @Test("A folder that was in use gets no new database in place of a lost one")
    func lost() throws {
        try withState { state in
            let catalogue = state.catalogue(for: try VolumeName("hst-stis"))
            try Data().write(to: URL(fileURLWithPath: catalogue))
            try FileManager.default.removeItem(atPath: state.controlPath)
            #expect(failure { try SQLiteControlStore.create(in: state) }?.code == .corrupt)
        }
    }

    @Test("Garbage, an empty file, a truncated one and a foreign database are corrupt")
    func corrupt() throws {
        try withState { state in
            try SQLiteControlStore(state).addSample()
            let url = URL(fileURLWithPath: state.controlPath)
            let whole = try Data(contentsOf: url)
            let foreign = try withTemporaryFolder { folder in
                let queue = try DatabaseQueue(path: "\(folder)/x.sqlite")
                try queue.write { try $0.execute(sql: "CREATE TABLE t (a)") }
                try queue.close()
                return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/x.sqlite"))
            }
            let damaged = [
                Data(repeating: 0x41, count: 8_192), Data(), whole.prefix(whole.count / 2),
                whole.prefix(50), foreign,
            ]
            for bytes in damaged {
                try bytes.write(to: url)
                let error = failure { _ = try SQLiteControlStore(state).snapshot() }
                #expect(
                    error?.code == .corrupt, "\(bytes.count) bytes: \(String(describing: error))")
                #expect(error?.remedy?.contains("backup") == true)
            }
        }
    }

    @Test("A newer database is refused and not changed")
    func newer() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let newer = ControlSchema.version + 1
            try store.queue.inDatabase { try $0.execute(sql: "PRAGMA user_version = \(newer)") }
            let error = failure { _ = try SQLiteControlStore(state) }
            #expect(error?.code == .newerFormat)
            #expect(error?.message.contains("format \(newer)") == true)
        }
    }

    @Test(
        "SQLite's codes have one meaning each",
        arguments: [
            (ResultCode.SQLITE_BUSY, PerigeeError.Code.busy), (.SQLITE_LOCKED, .busy),
            (.SQLITE_BUSY_SNAPSHOT, .busy), (.SQLITE_NOTADB, .corrupt), (.SQLITE_CORRUPT, .corrupt),
            (.SQLITE_FULL, .storageFailed), (.SQLITE_IOERR_READ, .storageFailed),
            (.SQLITE_CANTOPEN, .storageFailed), (.SQLITE_READONLY, .storageFailed),
            (.SQLITE_CONSTRAINT_CHECK, .conflict), (.SQLITE_ERROR, .storageFailed),
        ])
    func codes(result: ResultCode, code: PerigeeError.Code) {
        let error = SQLiteFailure.translated(DatabaseError(resultCode: result), path: "/x")
        #expect(error.code == code)
    }

    @Test("A database that may not grow tells that the disk is full and keeps its state")
    func full() throws {
        try withStore { store in
            try store.addSample()
            let before = try store.snapshot()
            let pages = try store.queue.inDatabase { db in
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages)")
                return pages
            }
            #expect(pages > 0)
            var draft = try VolumeDraft.sample("large")
            draft.metadata.abstract = String(repeating: "x", count: 100_000)
            let error = failure { try store.addVolume(draft) }
            #expect(error?.code == .storageFailed)
            #expect(error?.message.contains("full") == true)
            #expect(try store.snapshot() == before)
        }
    }
}
