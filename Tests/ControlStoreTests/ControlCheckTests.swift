import Foundation
import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Check of the control database")
struct ControlCheckTests {
    @Test("A sound one has no faults")
    func sound() throws {
        try withState { state in
            try SQLiteControlStore(state).addSample()
            #expect(try ControlCheck.faults(in: state).isEmpty)
        }
    }

    @Test(
        "What was changed by hand is told",
        arguments: [
            ("UPDATE event SET detail = 'x' WHERE sequence = 1", "event 1 of the audit chain"),
            ("DELETE FROM event WHERE sequence = 2", "event 2 of the audit chain is missing"),
            ("UPDATE source SET root = 'gone'", "row of source names one of root"),
            ("UPDATE volume SET name = 'No Name'", "holds what is none of its own"),
            ("DROP TABLE membership", "cannot be used"),
        ])
    func changed(sql: String, words: String) throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            try store.addSample()
            try store.queue.inDatabase { db in
                try db.execute(sql: "PRAGMA foreign_keys = OFF; \(sql)")
            }
            let faults = try ControlCheck.faults(in: state)
            #expect(faults.contains { $0.detail.contains(words) }, "\(faults)")
            #expect(faults.allSatisfy { !$0.remedy.isEmpty })
        }
    }

    @Test("Garbage and a lost file are faults, not errors")
    func garbage() throws {
        try withState { state in
            try Data(repeating: 0x41, count: 8_192).write(
                to: URL(fileURLWithPath: state.controlPath))
            #expect(try ControlCheck.faults(in: state).count == 1)
            try FileManager.default.removeItem(atPath: state.controlPath)
            #expect(try ControlCheck.faults(in: state).count == 1)
        }
    }
}
