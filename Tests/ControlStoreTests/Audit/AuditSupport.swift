import AccessControl
import Synchronization
import VolumeModel

@testable import ControlStore

/// Gives `body` a new state folder; no database is needed for a log.
func withAuditedState<Value>(_ body: (StateFolder) throws -> Value) throws -> Value {
    try withTemporaryFolder { folder in
        let state = try StateFolder(path: "\(folder)/state")
        try state.create()
        return try body(state)
    }
}

extension DataAccess {
    /// A read of file `number`.
    static func sample(_ number: Int, by user: String = "ada", of volume: String = "hst") throws
        -> DataAccess
    {
        DataAccess(
            principal: .user(try UserName(user), credential: nil), volume: try VolumeName(volume),
            revision: RevisionNumber(3), path: Array("a/\(number).fits".utf8), frontEnd: .mount,
            decision: .read, rule: "public", request: UInt64(number))
    }
}

extension AuditReader {
    /// All records that pass.
    func all(_ filter: Filter = Filter()) throws -> [TimedAuditRecord] {
        var found: [TimedAuditRecord] = []
        try read(filter) { found.append($0) }
        return found
    }

    /// The request numbers of all accesses that pass.
    func requests(_ filter: Filter = Filter()) throws -> [UInt64] {
        try all(filter).compactMap { timed in
            if case .access(let access) = timed.record { access.request } else { nil }
        }
    }

    /// How many records are said to be lost.
    func lost() throws -> Int {
        try all().reduce(0) { sum, timed in
            if case .lost(let count) = timed.record { sum + count } else { sum }
        }
    }
}

/// Counts losses as a metric would.
final class LossCounter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock(\.self) }

    func add(_ more: Int) { count.withLock { $0 += more } }
}

/// A clock that goes on by a microsecond at each look, and that a test sets.
final class TickingClock: Sendable {
    private let time = Mutex<Int64>(1_700_000_000_000_000_000)

    func now() -> Timestamp {
        time.withLock { time in
            time += 1_000
            return Timestamp(nanoseconds: time)
        }
    }

    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000_000 } }
}
