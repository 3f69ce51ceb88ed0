import AccessControl
import Dispatch
import Foundation
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore

@Suite("The data audit log")
struct DataAuditLogTests {
    @Test("What is recorded is there after a stop, in order, in a file of the owner's alone")
    func order() throws {
        try withAuditedState { state in
            let log = DataAuditLog(state) { _ in }
            for number in 0..<1_000 { #expect(log.record(try .sample(number))) }
            log.stop()
            log.stop()
            #expect(try AuditReader(state).requests() == Array(0..<1_000))
            let names = try folderNames(state.auditFolder)
            #expect(names.count == 1)
            #expect(names.first?.hasPrefix("opens-\(getpid())-") == true)
            let file = "\(state.auditFolder)/\(names.first ?? "")"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test("Nothing is made where nothing is recorded")
    func idle() throws {
        try withAuditedState { state in
            DataAuditLog(state) { _ in }.stop()
            let names = try folderNames(state.auditFolder)
            #expect(names == [])
        }
    }

    @Test("Within half a second a record can be read, with nobody stopping anything")
    func soon() throws {
        try withAuditedState { state in
            let log = DataAuditLog(state) { _ in }
            log.record(try .sample(1))
            let isThere = eventually(within: 10) { (try? AuditReader(state).requests()) == [1] }
            #expect(isThere)
            log.record(try .sample(2))
            #expect(eventually(within: 10) { (try? AuditReader(state).requests()) == [1, 2] })
        }
    }

    @Test("From many threads at once nothing is mixed up or lost, and times rise")
    func threads() throws {
        try withAuditedState { state in
            let lost = LossCounter()
            var limits = DataAuditLog.Limits()
            limits.queue = 100_000
            let log = DataAuditLog(state, limits: limits, onLoss: lost.add)
            let access = try DataAccess.sample(0)
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for number in 0..<2_000 {
                    var access = access
                    access.request = UInt64(thread * 10_000 + number)
                    if number % 500 == 0 {
                        #expect(throws: Never.self) { try log.recordDurably(access) }
                    } else {
                        log.record(access)
                    }
                }
            }
            log.stop()
            let records = try AuditReader(state).all()
            let requests = try AuditReader(state).requests()
            #expect(lost.value == 0)
            #expect(requests.count == 16_000)
            #expect(Set(requests).count == 16_000)
            for thread in 0..<8 {
                let own = requests.filter { $0 / 10_000 == thread }
                #expect(own == own.sorted())
            }
            #expect(zip(records, records.dropFirst()).allSatisfy { $0.time <= $1.time })
        }
    }

    @Test("What finds no room is counted at once, and written when there is room")
    func bound() throws {
        try withAuditedState { state in
            try withBlockedLog(state) { log, lost, unblock in
                for number in 0..<25 {
                    let access = try DataAccess.sample(number)
                    #expect(log.record(access) == (number < 10))
                }
                #expect(lost.value == 15)
                unblock()
                log.stop()
            }
            #expect(try AuditReader(state).requests() == Array(0..<10))
            #expect(try AuditReader(state).lost() == 15)
        }
    }

    @Test("A disk that does not answer fails what has to be audited within the deadline")
    func hungDisk() throws {
        try withAuditedState { state in
            try withBlockedLog(state) { log, _, unblock in
                let start = monotonicNanoseconds()
                let error = failure { try log.recordDurably(.sample(1)) }
                #expect(error?.code == .storageFailed)
                #expect(error?.message.contains("has not answered for 200 ms") == true)
                #expect(monotonicNanoseconds() - start < 5_000_000_000)
                unblock()
                #expect(throws: Never.self) { try log.recordDurably(.sample(2)) }
                log.stop()
            }
            #expect(try AuditReader(state).requests() == [2], "what failed is withdrawn")
        }
    }

    @Test("What returned durably is in the file, and a log that was stopped takes nothing")
    func durable() throws {
        try withAuditedState { state in
            let log = DataAuditLog(state) { _ in }
            for number in 1...3 {
                try log.recordDurably(.sample(number))
                #expect(try AuditReader(state).requests().last == UInt64(number))
            }
            log.stop()
            #expect(!log.record(try .sample(4)))
            #expect(failure { try log.recordDurably(.sample(4)) }?.code == .storageFailed)
            #expect(try AuditReader(state).requests() == [1, 2, 3])
        }
    }

    @Test("A folder that cannot be written costs records and fails what has to be audited")
    func unwritable() throws {
        try withAuditedState { state in
            try FileManager.default.removeItem(atPath: state.auditFolder)
            let lost = LossCounter()
            let log = DataAuditLog(state, onLoss: lost.add)
            #expect(log.record(try .sample(1)))
            #expect(failure { try log.recordDurably(.sample(2)) }?.code == .storageFailed)
            #expect(eventually(within: 10) { lost.value == 1 })
            try FileManager.default.createDirectory(
                atPath: state.auditFolder, withIntermediateDirectories: false)
            try log.recordDurably(.sample(3))
            log.stop()
            #expect(try AuditReader(state).requests() == [3])
            #expect(try AuditReader(state).lost() == 1)
        }
    }

    @Test("A log that is dropped writes what it has")
    func dropped() throws {
        try withAuditedState { state in
            var log: DataAuditLog? = DataAuditLog(state) { _ in }
            log?.record(try .sample(1))
            log = nil
            #expect(eventually(within: 10) { (try? AuditReader(state).requests()) == [1] })
        }
    }

    /// Gives `body` a log with room for ten records and a deadline of 200 ms, whose thread takes none
    /// until `body` says so.
    private func withBlockedLog(
        _ state: StateFolder, _ body: (DataAuditLog, LossCounter, () -> Void) throws -> Void
    ) throws {
        let lost = LossCounter()
        let gate = DispatchSemaphore(value: 0)
        let isOpen = Mutex(false)
        var limits = DataAuditLog.Limits()
        limits.queue = 10
        limits.deadline = .milliseconds(200)
        let log = DataAuditLog(
            state, limits: limits, onLoss: lost.add,
            beforeBatch: {
                if !isOpen.withLock(\.self) { gate.wait() }
            })
        try body(log, lost) {
            isOpen.withLock { $0 = true }
            gate.signal()
        }
    }
}
