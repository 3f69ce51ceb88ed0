import Foundation
import GRDB
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Publishing and rolling back")
struct PublishTests {
    private let name = "hst-stis"

    @Test("A publish enters the revision and makes it the current one")
    func publish() throws {
        try withStore { store in
            try store.addSample()
            try store.publish(.sample(1))
            try store.publish(.sample(2))
            let volume = try store.volume(named: VolumeName(name))
            #expect(volume.current == RevisionNumber(2))
            #expect(volume.highest == RevisionNumber(2))
            #expect(try store.revisions(of: volume.name) == [.sample(1), .sample(2)])
        }
    }

    @Test("Only the number after the highest can be published", arguments: [1, 2, 4, 32_766])
    func outOfTurn(number: Int) throws {
        try withStore { store in
            try store.addSample()
            try store.publish(.sample(1))
            try store.publish(.sample(2))
            let before = try store.snapshot()
            let error = failure { try store.publish(.sample(number)) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("r3 is next") == true)
            #expect(try store.snapshot() == before)
        }
    }

    @Test("After a rollback the highest stays, and the next publish follows it")
    func rollback() throws {
        try withStore { store in
            let volume = try store.addSample().name
            for number in 1...3 { try store.publish(.sample(number)) }
            try store.switchCurrent(of: volume, to: try #require(RevisionNumber(1)))
            #expect(try store.volume(named: volume).current == RevisionNumber(1))
            #expect(try store.volume(named: volume).highest == RevisionNumber(3))
            #expect(failure { try store.publish(.sample(2)) }?.code == .conflict)
            try store.publish(.sample(4))
            #expect(try store.volume(named: volume).current == RevisionNumber(4))
        }
    }

    @Test("Only a published revision can be switched to")
    func unpublished() throws {
        try withStore { store in
            let volume = try store.addSample().name
            let second = try #require(RevisionNumber(2))
            #expect(
                failure { try store.switchCurrent(of: volume, to: second) }?.code == .notFound)
            try store.publish(.sample(1))
            #expect(
                failure { try store.switchCurrent(of: volume, to: second) }?.code == .notFound)
        }
    }

    @Test("A volume that has used all its numbers says so")
    func exhausted() throws {
        try withStore { store in
            try store.addSample()
            try store.publish(.sample(1))
            try store.queue.write { db in
                try db.execute(sql: "UPDATE volume SET highest = 32766")
            }
            let error = failure { try store.publish(.sample(2)) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("32766") == true)
        }
    }

    @Test("A digest of another length is refused")
    func digest() throws {
        try withStore { store in
            try store.addSample()
            let short = RevisionRecord(
                volume: try VolumeName(name), number: try #require(RevisionNumber(1)), files: 0,
                folders: 1, bytes: 0, stateDigest: [1, 2, 3])
            #expect(failure { try store.publish(short) }?.code == .invalidArgument)
        }
    }

    @Test("Of connections that race to publish one number, one wins and the others conflict")
    func race() throws {
        try withState { state in
            let stores = try (0..<4).map { _ in try SQLiteControlStore(state) }
            try stores[0].addSample()
            for number in 1...5 {
                let revision = try RevisionRecord.sample(number)
                let outcomes = Mutex<[PerigeeError.Code?]>([])
                DispatchQueue.concurrentPerform(iterations: stores.count) { index in
                    let code = failure { try stores[index].publish(revision) }?.code
                    outcomes.withLock { $0.append(code) }
                }
                let codes = outcomes.withLock { $0 }
                #expect(codes.filter { $0 == nil }.count == 1)
                #expect(codes.filter { $0 == .conflict }.count == stores.count - 1)
            }
            #expect(try stores[3].revisions(of: VolumeName(name)).count == 5)
        }
    }
}
