import AccessControl
import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Backups")
struct BackupTests {
    private let volume: VolumeName

    init() throws { volume = try VolumeName("hst-stis") }

    /// A state with a published volume, and a folder beside it for backups.
    private func withBackups(
        _ body: (StateFolder, SQLiteControlStore, String) throws -> Void
    ) throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            try store.addSample()
            try makeCatalogue(state, volume)
            try store.publish(.sample(1))
            try withTemporaryFolder { folder in try body(state, store, folder) }
        }
    }

    /// A database that stands for a catalogue.
    private func makeCatalogue(_ state: StateFolder, _ name: VolumeName) throws {
        let queue = try DatabaseQueue(path: state.catalogue(for: name))
        try queue.inDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(
                sql: "CREATE TABLE entry (n INTEGER, class INTEGER); PRAGMA user_version = 2")
        }
        try queue.close()
    }

    @Test("A backup is a folder of its own with every database, its digests and nothing else")
    func whole() throws {
        try withBackups { state, store, folder in
            let place = "\(folder)/one"
            let manifest = try StateBackup.make(
                of: state, in: place, now: { Timestamp(nanoseconds: 1_000_000_000) })
            #expect(manifest.made == "1970-01-01T00:00:01Z")
            #expect(manifest.files.map(\.path) == ["control.sqlite", "catalogues/hst-stis.sqlite"])
            #expect(manifest.files.map(\.format) == [ControlSchema.version, 2])
            #expect(manifest.epoch == (try store.snapshot().epoch.value))
            #expect(manifest.head == Hex.encode(try store.auditHead().hash))
            #expect(try BackupManifest(readingFrom: place) == manifest)
            #expect(
                try FileManager.default.subpathsOfDirectory(atPath: place).sorted() == [
                    "catalogues", "catalogues/hst-stis.sqlite", "control.sqlite", "manifest.json",
                ])
            let mode = try FileManager.default.attributesOfItem(atPath: place)
            #expect(mode[.posixPermissions] as? Int == 0o700)
            for file in manifest.files {
                let content = try FileContent(of: "\(place)/\(file.path)")
                #expect(content.bytes == file.bytes && Hex.encode(content.sha256) == file.sha256)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["one"])
        }
    }

    @Test("The side file that a catalogue refers to is in the backup, and restored with it")
    func sideFiles() throws {
        try withBackups { state, _, folder in
            let side = "\(state.path)/catalogues/hst-stis.3.leaves"
            let queue = try DatabaseQueue(path: state.catalogue(for: volume))
            try queue.inDatabase { db in
                try db.execute(
                    sql: """
                        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY);
                        INSERT INTO meta VALUES ('leaves_generation', 3);
                        """)
            }
            try queue.close()
            let lost = failure { _ = try StateBackup.make(of: state, in: "\(folder)/lost") }
            #expect(lost?.code == .corrupt)
            #expect(lost?.message.contains(".3.leaves") == true)
            try Data("leaves".utf8).write(to: URL(fileURLWithPath: side))
            // Of a generation that is not in use.
            try Data("old".utf8).write(
                to: URL(fileURLWithPath: "\(state.path)/catalogues/hst-stis.2.leaves"))
            let place = "\(folder)/one"
            let manifest = try StateBackup.make(of: state, in: place)
            #expect(manifest.format == 2)
            #expect(
                manifest.files.map(\.path) == [
                    "control.sqlite", "catalogues/hst-stis.sqlite",
                    "catalogues/hst-stis.3.leaves",
                ])
            let other = try StateFolder(path: "\(folder)/restored")
            _ = try StateRestore(from: place, into: other).run { _ in true }
            #expect(
                try Data(
                    contentsOf: URL(
                        fileURLWithPath: "\(other.path)/catalogues/hst-stis.3.leaves"))
                    == Data("leaves".utf8))
        }
    }

    @Test("A folder that holds something, one in the state and one below nothing are refused")
    func refused() throws {
        try withBackups { state, _, folder in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/full/x", withIntermediateDirectories: true)
            #expect(
                failure { _ = try StateBackup.make(of: state, in: "\(folder)/full") }?.code
                    == .conflict)
            #expect(
                failure { _ = try StateBackup.make(of: state, in: "\(state.path)/audit") }?.code
                    == .invalidArgument)
            #expect(
                failure { _ = try StateBackup.make(of: state, in: "\(folder)/no/way") }?.code
                    == .notFound)
            try FileManager.default.createDirectory(
                atPath: "\(folder)/empty", withIntermediateDirectories: true)
            _ = try StateBackup.make(of: state, in: "\(folder)/empty")
            #expect(failure { _ = try StateBackup.make(of: state, in: "\(folder)/empty") } != nil)
        }
    }

    @Test("A backup that fails leaves nothing behind")
    func failed() throws {
        try withBackups { state, _, folder in
            try FileManager.default.removeItem(atPath: state.catalogue(for: volume))
            let error = failure { _ = try StateBackup.make(of: state, in: "\(folder)/x") }
            #expect(error?.code == .corrupt)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test(
        "A backup made while others write is consistent: no revision and no class is missing",
        .timeLimit(.minutes(2)))
    func online() throws {
        try withBackups { state, store, folder in
            let isOver = Atomic(false)
            let writer = DispatchQueue(label: "writer")
            let written = Mutex<PerigeeError?>(nil)
            writer.async {
                // As a scan and a publish do it: the class, then entries that have it, then control.
                let problem = failure {
                    let other = try SQLiteControlStore(state)
                    let catalogue = try DatabaseQueue(path: state.catalogue(for: volume))
                    let key = try AttributeKey("n")
                    var number = 1
                    while !isOver.load(ordering: .relaxed) {
                        number += 1
                        let classes = try other.number(
                            [AccessClass(attributes: [key: "\(number)"])], of: volume)
                        try catalogue.write { db in
                            try db.execute(
                                sql: "INSERT INTO entry VALUES (?, ?)",
                                arguments: [number, classes[0].value])
                        }
                        try other.publish(.sample(number))
                    }
                }
                written.withLock { $0 = problem }
            }
            for round in 0..<8 {
                let place = "\(folder)/\(round)"
                _ = try StateBackup.make(of: state, in: place)
                let control = try DatabaseQueue(path: "\(place)/control.sqlite")
                let catalogue = try DatabaseQueue(path: "\(place)/catalogues/hst-stis.sqlite")
                let (published, classes, faults) = try control.read { db in
                    (
                        try Int.fetchOne(db, sql: "SELECT max(number) FROM revision") ?? 0,
                        try Int.fetchOne(db, sql: "SELECT max(number) FROM access_class") ?? 0,
                        try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")
                    )
                }
                let (entries, highest) = try catalogue.read { db in
                    (
                        try Int.fetchOne(db, sql: "SELECT max(n) FROM entry") ?? 1,
                        try Int.fetchOne(db, sql: "SELECT max(class) FROM entry") ?? 0
                    )
                }
                #expect(entries >= published)
                #expect(classes >= highest)
                #expect(faults.isEmpty)
            }
            isOver.store(true, ordering: .relaxed)
            writer.sync {}
            #expect(written.withLock { $0 } == nil)
            #expect(try store.verifyAudit(noted: nil).fault == nil)
        }
    }

    @Test("A backup of a state in use goes back into an empty place as it was")
    func restoreNew() throws {
        try withBackups { state, store, folder in
            try store.perform([.addUser(UserName("ada"))], at: nil)
            let hash = [UInt8](repeating: 7, count: 32)
            let draft = CredentialDraft(facts: CredentialFacts(user: try UserName("ada")))
            let token = try store.addToken(draft, hash: hash)
            let before = try store.snapshot()
            let head = try store.auditHead()
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            let place = try StateFolder(path: "\(folder)/new")
            let outcome = try StateRestore(from: "\(folder)/b", into: place).run { _ in
                Issue.record("asked to accept what opens nothing")
                return false
            }
            #expect(outcome.reopened.isEmpty && outcome.previous == nil)
            #expect(outcome.generation == 2)
            let restored = try SQLiteControlStore(place)
            let after = try restored.snapshot()
            #expect(after.epoch == outcome.epoch)
            #expect(after.epoch > before.epoch)
            #expect(after.epoch.value > Timestamp.now.nanoseconds / 1_000_000_000 - 60)
            #expect(after.volumes == before.volumes && after.roots == before.roots)
            #expect(after.policy == before.policy)
            // Tokens of the generation before are refused until they are renewed.
            #expect(before.credentials.keys.contains(token.id) && after.credentials.isEmpty)
            try restored.renewCredential(.token, token.id, expires: nil)
            #expect(try restored.snapshot().credentials == before.credentials)
            let audit = try restored.verifyAudit(noted: head.hash)
            #expect(audit.fault == nil && audit.noted == head.sequence)
            let event = try restored.history(after: head.sequence, limit: 1)
            #expect(event.map(\.action) == [.restored])
            #expect(event.first?.detail.contains("generation 2") == true)
            #expect(fileExists(place.catalogue(for: volume)))
        }
    }

    @Test(
        "What was closed after the backup is listed, and opened again only where that is accepted")
    func restoreOver() throws {
        try withBackups { state, store, folder in
            let (ada, bob) = (try UserName("ada"), try UserName("bob"))
            let team = try TeamName("hst")
            let cap = AccessRule(name: "cap", effect: .denial(.none), subject: .user(ada))
            try store.perform(
                [
                    .addUser(ada), .addUser(bob), .setTeam(team, TeamRecord()),
                    .setMembership(team, Membership(member: .user(ada), role: .manager)),
                    .setMembership(team, Membership(member: .user(bob))),
                ], at: nil)
            try store.setPublic(true, volume: volume)
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            try store.setPublic(false, volume: volume)
            try store.perform(
                [
                    .setUserDisabled(bob, true), .setRule(volume, cap, label: nil),
                    .setMembership(team, Membership(member: .user(ada))),
                    .setSettings(volume, VolumeSettings(embargo: EmbargoPolicy())),
                ], at: nil)
            let before = try store.snapshot()
            let head = try store.auditHead()
            let restore = StateRestore(from: "\(folder)/b", into: state)
            var listed: [String] = []
            let error = failure {
                _ = try restore.run { lines in
                    listed = lines
                    return false
                }
            }
            #expect(error?.code == .conflict)
            #expect(error?.remedy?.contains("--accept") == true)
            #expect(
                listed == [
                    "user:bob is let in", "user:ada is in team:hst as manager",
                    "hst-stis public: grant read to anyone (volume set --public)",
                    "hst-stis cap: no longer deny above none to user:ada",
                    "hst-stis: nothing, no longer embargo",
                ])
            #expect(try SQLiteControlStore(state).snapshot() == before)
            #expect(try folderNames(parent(of: state.path)) == ["state"])
            let outcome = try restore.run { _ in true }
            #expect(outcome.reopened == listed)
            let after = try SQLiteControlStore(state).snapshot()
            #expect(after.epoch > before.epoch)
            #expect(after.volume(named: volume)?.isPublic == true)
            let event = try SQLiteControlStore(state).history(after: 0, limit: 100).last
            #expect(event?.detail.contains(Hex.encode(head.hash)) == true)
            // What was there is whole, elsewhere.
            let previous = try StateFolder(path: try #require(outcome.previous))
            #expect(try SQLiteControlStore(previous).snapshot() == before)
            #expect(fileExists(previous.catalogue(for: volume)))
        }
    }

    @Test("Restoring twice gives no generation and no epoch a second time")
    func again() throws {
        try withBackups { state, _, folder in
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            let late = Timestamp(nanoseconds: 4_000_000_000 * 1_000_000_000)
            let restore = StateRestore(from: "\(folder)/b", into: state, now: { late })
            let first = try restore.run { _ in false }
            let second = try restore.run { _ in false }
            #expect(first.epoch.value > 4_000_000_000)
            #expect(second.epoch > first.epoch)
            #expect([first.generation, second.generation] == [2, 3])
            #expect(first.previous != second.previous)
        }
    }

    @Test("A state that cannot be read is replaced only where that is accepted")
    func unreadable() throws {
        try withBackups { state, _, folder in
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            try Data(repeating: 0x41, count: 8_192).write(
                to: URL(fileURLWithPath: state.controlPath))
            let restore = StateRestore(from: "\(folder)/b", into: state)
            #expect(failure { _ = try restore.run { _ in false } }?.code == .conflict)
            let outcome = try restore.run { _ in true }
            #expect(outcome.reopened.count == 1)
            #expect(try SQLiteControlStore(state).volumes().map(\.name) == [volume])
        }
    }

    @Test("A place that holds other things, and a catalogue that is being written, are refused")
    func occupied() throws {
        try withBackups { state, _, folder in
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            let other = try StateFolder(path: folder)
            #expect(
                failure {
                    _ = try StateRestore(from: "\(folder)/b", into: other).run { _ in true }
                }?
                .code == .conflict)
            let lock = try CatalogueLock(volume, in: state)
            defer { lock.release() }
            let restore = StateRestore(from: "\(folder)/b", into: state)
            #expect(failure { _ = try restore.run { _ in true } }?.code == .busy)
            #expect(try folderNames(parent(of: state.path)) == ["state"])
        }
    }

    @Test("A backup that is not what it was is refused, and nothing is changed")
    func damaged() throws {
        try withBackups { state, store, folder in
            let before = try store.snapshot()
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            func refusal(_ damage: (String) throws -> Void) throws -> PerigeeError? {
                let copy = "\(folder)/\(UUID().uuidString)"
                try FileManager.default.copyItem(atPath: "\(folder)/b", toPath: copy)
                try damage(copy)
                return failure {
                    _ = try StateRestore(from: copy, into: state).run { _ in true }
                }
            }
            func edit(_ copy: String, _ old: String, _ new: String) throws {
                let path = "\(copy)/manifest.json"
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text.contains(old))
                try text.replacingOccurrences(of: old, with: new).write(
                    toFile: path, atomically: true, encoding: .utf8)
            }
            let flipped = try refusal { copy in
                let url = URL(fileURLWithPath: "\(copy)/catalogues/hst-stis.sqlite")
                var bytes = try Data(contentsOf: url)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: url)
            }
            #expect(flipped?.code == .corrupt)
            let lost = try refusal { copy in
                try FileManager.default.removeItem(atPath: "\(copy)/catalogues/hst-stis.sqlite")
            }
            #expect(lost?.code == .storageFailed)
            let unlisted = try refusal { copy in
                try edit(copy, "catalogues/hst-stis.sqlite", "catalogues/other.sqlite")
                try FileManager.default.moveItem(
                    atPath: "\(copy)/catalogues/hst-stis.sqlite",
                    toPath: "\(copy)/catalogues/other.sqlite")
            }
            #expect(unlisted?.code == .corrupt)
            let outside = try refusal { try edit($0, "catalogues/hst-stis", "catalogues/../../x") }
            #expect(outside?.code == .corrupt)
            let newer = try refusal { try edit($0, "\"format\" : 1,", "\"format\" : 9,") }
            #expect(newer?.code == .newerFormat)
            let empty = try refusal {
                try FileManager.default.removeItem(atPath: "\($0)/manifest.json")
            }
            #expect(empty?.code == .notFound)
            let garbage = try refusal {
                try Data("{".utf8).write(to: URL(fileURLWithPath: "\($0)/manifest.json"))
            }
            #expect(garbage?.code == .corrupt)
            #expect(try store.snapshot() == before)
            #expect(try folderNames(parent(of: state.path)) == ["state"])
        }
    }

    @Test("Who watches a state that was replaced is told within 0.2 s", .timeLimit(.minutes(1)))
    func watched() throws {
        try withBackups { state, _, folder in
            _ = try StateBackup.make(of: state, in: "\(folder)/b")
            let told = Mutex<PerigeeError?>(nil)
            let watch = try ControlWatch(state, known: nil) { result in
                if case .failure(let error) = result { told.withLock { $0 = error } }
            }
            defer { watch.cancel() }
            _ = try StateRestore(from: "\(folder)/b", into: state).run { _ in true }
            #expect(eventually(within: 0.2) { told.withLock { $0 != nil } })
            #expect(told.withLock { $0?.message.contains("replaced") } == true)
        }
    }
}
