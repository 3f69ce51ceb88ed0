import Foundation
import GRDB
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Control watch")
struct ControlWatchTests {
    /// What a watch told, in order.
    private final class Told: Sendable {
        private let all = Mutex<[Result<ControlSnapshot, PerigeeError>]>([])

        func append(_ result: Result<ControlSnapshot, PerigeeError>) {
            all.withLock { $0.append(result) }
        }

        var results: [Result<ControlSnapshot, PerigeeError>] { all.withLock { $0 } }
    }

    @Test("A change through another connection is told within 0.2 s", .timeLimit(.minutes(1)))
    func notices() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let told = Told()
            let watch = try ControlWatch(
                state, known: store.snapshot().epoch, onChange: told.append)
            defer { watch.cancel() }
            for (count, name) in ["one", "two", "three"].enumerated() {
                try store.addRoot(.sample(name))
                let snapshot = try store.snapshot()
                #expect(eventually(within: 0.2) { told.results.count > count })
                #expect(try told.results.last?.get() == snapshot)
            }
            #expect(told.results.count == 3)
        }
    }

    @Test("What changed between the caller's read and the watch is told at the first look")
    func gap() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let epoch = try store.snapshot().epoch
            try store.addSample()
            var poll = try ControlPoll(path: state.controlPath, known: epoch)
            #expect(try poll.look()?.get() == store.snapshot())
            #expect(poll.look() == nil)
        }
    }

    @Test("Nothing is told while nothing changes, nor after the end")
    func quiet() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let told = Told()
            let watch = try ControlWatch(
                state, every: .milliseconds(5), known: store.snapshot().epoch,
                onChange: told.append)
            #expect(!eventually(within: 0.1) { !told.results.isEmpty })
            watch.cancel()
            watch.cancel()
            usleep(20_000)
            try store.addSample()
            #expect(!eventually(within: 0.1) { !told.results.isEmpty })
        }
    }

    @Test("A writer that holds the store is no failure")
    func busy() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            var poll = try ControlPoll(path: state.controlPath, known: store.snapshot().epoch)
            try store.queue.write { db in
                try db.execute(sql: "UPDATE epoch SET value = value + 1")
                #expect(poll.look() == nil)
            }
            #expect(try poll.look()?.get() == store.snapshot())
        }
    }

    @Test("A removed or replaced file is told once, and its return too")
    func removed() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let path = state.controlPath
            var poll = try ControlPoll(path: path, known: store.snapshot().epoch)
            #expect(poll.look() == nil)
            try FileManager.default.moveItem(atPath: path, toPath: "\(path).away")
            guard case .failure(let gone) = poll.look() else {
                Issue.record("a removed file was not told")
                return
            }
            #expect(gone.code == .storageFailed)
            #expect(gone.message.contains("removed"))
            #expect(poll.look() == nil)
            try FileManager.default.copyItem(atPath: "\(path).away", toPath: path)
            guard case .failure(let other) = poll.look() else {
                Issue.record("a replaced file was not told")
                return
            }
            #expect(other.message.contains("replaced"))
            #expect(poll.look() == nil)
            #expect(rename("\(path).away", path) == 0)
            #expect(try poll.look()?.get() == store.snapshot())
            #expect(poll.look() == nil)
        }
    }
}
