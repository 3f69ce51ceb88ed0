internal import AccessControl
package import VolumeModel

/// Reads what the data audit logs of a state hold, those of living processes among them.
package struct AuditReader: Sendable {
    /// What is asked for; everything that is nil lets all through.
    package struct Filter: Hashable, Sendable {
        /// Accesses of this user alone.
        package var user: UserName?
        /// Accesses to this volume alone.
        package var volume: VolumeName?
        /// Records of this instant and later.
        package var since: Timestamp?

        /// Puts a filter together.
        package init(user: UserName? = nil, volume: VolumeName? = nil, since: Timestamp? = nil) {
            self.user = user
            self.volume = volume
            self.since = since
        }

        /// Losses are passed in any case: what was lost may have been what is asked for.
        func passes(_ timed: TimedAuditRecord) -> Bool {
            if let since, timed.time < since { return false }
            guard case .access(let access) = timed.record else { return true }
            if let volume, access.volume != volume { return false }
            guard let user else { return true }
            guard case .user(let name, _) = access.principal else { return false }
            return name == user
        }
    }

    /// A line that is no record, in the middle of a segment.
    package struct Damage: Hashable, Sendable {
        /// The segment's path.
        package var path: String
        /// The line's number, from 1.
        package var line: Int
    }

    private let folder: String

    /// Reads the logs of a state.
    package init(_ state: StateFolder) { folder = state.auditFolder }

    /// Calls `body` with each record that passes the filter, in the order of their times.
    ///
    /// Of one segment its own order holds, so where a clock was put back the times go back with it.
    /// A last line that its writer had not finished is passed over.
    ///
    /// - Returns: the lines that are no records.
    /// - Throws: `.storageFailed`; what `body` throws.
    @discardableResult
    package func read(
        _ filter: Filter = Filter(), _ body: (TimedAuditRecord) throws(PerigeeError) -> Void
    ) throws(PerigeeError) -> [Damage] {
        var waiting = try AuditSegment.all(in: folder)[...]
        var open: [AuditLines] = []
        var damage: [Damage] = []
        while true {
            var index = Self.earliest(open)
            // A segment that begins later holds nothing that comes before.
            while let next = waiting.first, index.map({ next.start <= open[$0].head!.time }) ?? true
            {
                waiting.removeFirst()
                guard var lines = try AuditLines(next, notBefore: filter.since) else { continue }
                try lines.advance()
                if lines.head == nil { damage += lines.damage } else { open.append(lines) }
                index = Self.earliest(open)
            }
            guard let index, let head = open[index].head else { return damage }
            if filter.passes(head) { try body(head) }
            try open[index].advance()
            if open[index].head == nil { damage += open.remove(at: index).damage }
        }
    }

    private static func earliest(_ open: [AuditLines]) -> Int? {
        open.indices.min { open[$0].head!.time < open[$1].head!.time }
    }
}
