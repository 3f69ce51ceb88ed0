import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Epoch and history")
struct HistoryTests {
    @Test("Each kind of change raises the epoch and leaves its event in order")
    func eachKind() throws {
        try withState { state in
            let store = try SQLiteControlStore(
                state, actor: 1_234, now: { Timestamp(nanoseconds: 99) })
            let volume = try VolumeName("hst-stis")
            let changes: [() throws -> Void] = [
                { try store.addRoot(.sample()) },
                { try store.addVolume(.sample()) },
                { try store.setPublic(true, volume: volume) },
                { try store.setPublic(false, volume: volume) },
                { try store.publish(.sample(1)) },
                { try store.publish(.sample(2)) },
                { try store.switchCurrent(of: volume, to: try #require(RevisionNumber(1))) },
                { try store.removeVolume(named: volume) },
                { try store.removeRoot(named: RootName("archive")) },
            ]
            var epoch = try store.snapshot().epoch
            for change in changes {
                try change()
                let next = try store.snapshot().epoch
                #expect(next > epoch)
                epoch = next
            }
            let events = try store.history(after: 0, limit: 100)
            #expect(events.map(\.sequence) == Array(1...9))
            #expect(events.allSatisfy { $0.actor == 1_234 && $0.at.nanoseconds == 99 })
            #expect(
                events.map { "\($0.action.rawValue) \($0.subject) \($0.detail)" } == [
                    "root-added archive posix:/archive/archive",
                    "volume-added hst-stis ordinal 1",
                    "made-public hst-stis public: nothing"
                        + " -> grant read to anyone (volume set --public)",
                    "made-private hst-stis public: grant read to anyone (volume set --public)"
                        + " -> nothing",
                    "published hst-stis r1", "published hst-stis r2",
                    "switched hst-stis r2 to r1",
                    "volume-removed hst-stis ordinal 1",
                    "root-removed archive posix:/archive/archive",
                ])
            #expect(try store.history(after: 7, limit: 1).map(\.sequence) == [8])
        }
    }

    @Test("A refused change leaves epoch and history alone")
    func refused() throws {
        try withStore { store in
            try store.addSample()
            let before = try store.snapshot()
            let events = try store.history(after: 0, limit: 100)
            #expect(failure { try store.publish(.sample(7)) } != nil)
            #expect(failure { try store.addVolume(.sample()) } != nil)
            #expect(failure { try store.removeRoot(named: RootName("archive")) } != nil)
            #expect(try store.snapshot() == before)
            #expect(try store.history(after: 0, limit: 100) == events)
        }
    }

    @Test("The database itself refuses an epoch that goes back")
    func trigger() throws {
        try withStore { store in
            try store.addSample()
            #expect(throws: DatabaseError.self) {
                try store.queue.write { try $0.execute(sql: "UPDATE epoch SET value = 1") }
            }
            #expect(throws: DatabaseError.self) {
                try store.queue.write { try $0.execute(sql: "DELETE FROM epoch") }
            }
        }
    }
}
