import AccessControl
import Dispatch
import GRDB
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Changes by several at once")
struct ConcurrentChangeTests {
    @Test("Of two who decided by the same epoch one changes the rule, the other is told")
    func sameRule() throws {
        try withState { state in
            let (one, two) = (try SQLiteControlStore(state), try SQLiteControlStore(state))
            let volume = try one.addSample().name
            let epoch = try one.snapshot().epoch
            #expect(try two.snapshot().epoch == epoch)
            let open = AccessRule(name: "r", effect: .grant(.read), subject: .anyone)
            let closed = AccessRule(name: "r", effect: .denial(.none), subject: .anyone)
            try one.perform([.setRule(volume, closed, label: nil)], at: epoch)
            let error = failure {
                try two.perform([.setRule(volume, open, label: nil)], at: epoch)
            }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("epoch \(epoch)") == true)
            #expect(try two.snapshot().policy.volumes[volume]?.rules == [closed])
            try two.perform([.setRule(volume, open, label: nil)], at: two.snapshot().epoch)
            #expect(try one.snapshot().policy.volumes[volume]?.rules == [open])
        }
    }

    @Test("Of many at once, each change was decided by what was there", .timeLimit(.minutes(1)))
    func many() throws {
        try withState { state in
            let setup = try SQLiteControlStore(state)
            let volume = try setup.addSample().name
            let first = try setup.snapshot().epoch.value
            let refused = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 4) { writer in
                for round in 0..<10 {
                    do {
                        let store = try SQLiteControlStore(state)
                        let rule = AccessRule(
                            name: "r", effect: .grant(.list), subject: .anyone,
                            place: "\(writer).\(round)")
                        try store.perform(
                            [.setRule(volume, rule, label: nil)], at: store.snapshot().epoch)
                    } catch {
                        #expect((error as? PerigeeError)?.code == .conflict)
                        refused.add(1, ordering: .relaxed)
                    }
                }
            }
            let done = 40 - refused.load(ordering: .relaxed)
            #expect(try setup.snapshot().epoch.value - first == Int64(done))
            #expect(try setup.verifyAudit(noted: nil).head.sequence == Int64(2 + done))
            #expect(try setup.verifyAudit(noted: nil).fault == nil)
        }
    }

    @Test("Of a list of operations that was cut off before its commit, nothing is there")
    func cutOff() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            try store.addSample()
            let before = try store.snapshot()
            let head = try store.auditHead()
            struct Cut: Error {}
            #expect(throws: (any Error).self) {
                try store.queue.write { db in
                    let reader = ControlReader(db: db, path: state.controlPath)
                    for name in ["ada", "bob"] { try store.add(UserName(name), reader) }
                    throw Cut()
                }
            }
            #expect(try store.snapshot() == before)
            #expect(try SQLiteControlStore(state).auditHead() == head)
        }
    }

    @Test("A revocation is told to who watches within 0.2 s", .timeLimit(.minutes(1)))
    func notice() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let volume = try store.addSample().name
            try store.setPublic(true, volume: volume)
            let rules = Mutex<[AccessRule]?>(nil)
            let watch = try ControlWatch(state, known: nil) { result in
                let seen = (try? result.get())?.policy.volumes[volume]?.rules
                rules.withLock { $0 = seen }
            }
            defer { watch.cancel() }
            #expect(eventually(within: 1) { rules.withLock { $0?.count == 1 } })
            try store.setPublic(false, volume: volume)
            #expect(eventually(within: 0.2) { rules.withLock { $0 == [] } })
        }
    }
}
