import AccessControl
import Foundation
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Segments of the audit log")
struct AuditSegmentTests {
    @Test("A segment ends when it is full, and reading goes on over the end")
    func size() throws {
        try withAuditedState { state in
            var limits = DataAuditLog.Limits()
            limits.segmentBytes = 4_096
            let log = DataAuditLog(state, limits: limits) { _ in }
            for number in 0..<200 { try log.recordDurably(.sample(number)) }
            log.stop()
            let segments = try AuditSegment.all(in: state.auditFolder)
            #expect((8...20).contains(segments.count), "\(segments.count)")
            for segment in segments { #expect((fileSize(segment.path) ?? 0) <= 4_096) }
            #expect(try AuditReader(state).requests() == Array(0..<200))
        }
    }

    @Test("A segment ends when it is old")
    func age() throws {
        try withAuditedState { state in
            let clock = TickingClock()
            let log = DataAuditLog(state, now: clock.now) { _ in }
            try log.recordDurably(.sample(1))
            clock.advance(seconds: 86_000)
            try log.recordDurably(.sample(2))
            #expect(try AuditSegment.all(in: state.auditFolder).count == 1)
            clock.advance(seconds: 1_000)
            try log.recordDurably(.sample(3))
            #expect(try AuditSegment.all(in: state.auditFolder).count == 2)
            clock.advance(seconds: -1_000_000)
            try log.recordDurably(.sample(4))
            log.stop()
            #expect(Set(try AuditReader(state).requests()) == [1, 2, 3, 4])
        }
    }

    @Test("The oldest segments go, and never the one that is being written")
    func retention() throws {
        try withAuditedState { state in
            var limits = DataAuditLog.Limits()
            limits.segmentBytes = 4_096
            limits.bytes = 16_384
            let log = DataAuditLog(state, limits: limits) { _ in }
            let living = DataAuditLog(state) { _ in }
            try living.recordDurably(.sample(9_999))
            for number in 0..<400 { try log.recordDurably(.sample(number)) }
            log.stop()
            let sizes = try AuditSegment.all(in: state.auditFolder).map { fileSize($0.path) ?? 0 }
            #expect(sizes.reduce(0, +) <= 16_384 + 4_096)
            let requests = try AuditReader(state).requests()
            #expect(requests.first == 9_999)
            #expect(requests.last == 399)
            #expect((60..<200).contains(requests.count), "\(requests.count)")
            #expect(Array(requests.dropFirst()) == Array((400 - UInt64(requests.count) + 1)..<400))
            living.stop()
        }
    }

    @Test("The number of segments is bounded too")
    func files() throws {
        try withAuditedState { state in
            var limits = DataAuditLog.Limits()
            limits.files = 3
            for number in 0..<6 {
                let log = DataAuditLog(state, limits: limits) { _ in }
                try log.recordDurably(.sample(number))
                log.stop()
            }
            #expect(try AuditReader(state).requests() == [3, 4, 5])
        }
    }

    @Test("Segments of several processes are read in the order of time")
    func merge() throws {
        try withAuditedState { state in
            let clock = TickingClock()
            let logs = (0..<4).map { _ in DataAuditLog(state, now: clock.now) { _ in } }
            for number in 0..<100 { try logs[number * 7 % 4].recordDurably(.sample(number)) }
            #expect(try AuditReader(state).requests() == Array(0..<100))
            for log in logs { log.stop() }
        }
    }

    @Test("Filters by user, volume and time")
    func filters() throws {
        try withAuditedState { state in
            let clock = TickingClock()
            let log = DataAuditLog(state, now: clock.now) { _ in }
            let users = ["ada", "eve"]
            let volumes = ["hst", "jwst", "euclid"]
            for number in 0..<12 {
                try log.recordDurably(
                    .sample(number, by: users[number % 2], of: volumes[number % 3]))
            }
            log.stop()
            let reader = AuditReader(state)
            let middle = try reader.all()[6].time
            let ada = try UserName("ada")
            let hst = try VolumeName("hst")
            #expect(try reader.requests(.init(user: ada)) == [0, 2, 4, 6, 8, 10])
            #expect(try reader.requests(.init(volume: hst)) == [0, 3, 6, 9])
            #expect(try reader.requests(.init(user: ada, volume: hst)) == [0, 6])
            #expect(try reader.requests(.init(since: middle)) == Array(6..<12))
            #expect(
                try reader.requests(.init(user: ada, volume: hst, since: middle)) == [6])
            let late = Timestamp(nanoseconds: .max)
            #expect(try reader.requests(.init(since: late)) == [])
        }
    }

    @Test("A last line that was cut is passed over, and a damaged one in the middle is told")
    func damage() throws {
        try withAuditedState { state in
            let log = DataAuditLog(state) { _ in }
            for number in 0..<5 { try log.recordDurably(.sample(number)) }
            log.stop()
            let segment = try #require(try AuditSegment.all(in: state.auditFolder).first)
            let whole = try Data(contentsOf: URL(fileURLWithPath: segment.path))
            let ends = whole.indices.filter { whole[$0] == 0x0a }
            let reader = AuditReader(state)
            for cut in [ends[4], ends[3] + 1, ends[3] + 2, ends[4] - 10] {
                try whole.prefix(cut).write(to: URL(fileURLWithPath: segment.path))
                let damage = try reader.read { _ in }
                let expected = cut == ends[4] ? 5 : 4
                #expect(try reader.requests() == Array(0..<UInt64(expected)))
                #expect(damage == [])
            }
            var broken = whole
            broken[ends[1] + 5] = 0xff
            broken.insert(contentsOf: [UInt8](repeating: 0x78, count: 200_000) + [0x0a], at: 0)
            try broken.write(to: URL(fileURLWithPath: segment.path))
            let damage = try reader.read { _ in }
            #expect(try reader.requests() == [0, 1, 3, 4])
            #expect(damage.map(\.line) == [1, 4])
            #expect(damage.first?.path == segment.path)
        }
    }

    @Test("Other files in the folder are let be")
    func foreign() throws {
        try withAuditedState { state in
            for name in [
                "notes.txt", "opens-.jsonl", "opens-x-1.jsonl", "opens-1.jsonl", "opens-1-",
            ] {
                try Data("x\n".utf8).write(
                    to: URL(fileURLWithPath: "\(state.auditFolder)/\(name)"))
            }
            var limits = DataAuditLog.Limits()
            limits.files = 1
            limits.bytes = 1
            let log = DataAuditLog(state, limits: limits) { _ in }
            try log.recordDurably(.sample(1))
            log.stop()
            #expect(try AuditReader(state).requests() == [1])
            #expect(try folderNames(state.auditFolder).count == 6)
        }
    }
}
