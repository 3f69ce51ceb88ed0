package import AccessControl
package import VolumeModel

/// One open of a file, or the refusal of one.
package struct DataAccess: Hashable, Sendable {
    /// Where the request came in.
    package enum FrontEnd: String, Sendable, CaseIterable {
        case mount
        case command
        case s3
    }

    /// What was decided.
    package enum Decision: String, Sendable, CaseIterable {
        case read
        case denied
    }

    /// Who asked.
    package var principal: Principal
    /// The volume.
    package var volume: VolumeName
    /// The revision, or nil for a candidate.
    package var revision: RevisionNumber?
    /// The path in the volume.
    package var path: [UInt8]
    /// Where the request came in.
    package var frontEnd: FrontEnd
    /// What was decided.
    package var decision: Decision
    /// The rule that decided, or nil where none grants anything.
    package var rule: String?
    /// The number of the handle or request, by which logs know it; of one process only.
    package var request: UInt64

    /// Puts an access together.
    package init(
        principal: Principal, volume: VolumeName, revision: RevisionNumber?, path: [UInt8],
        frontEnd: FrontEnd, decision: Decision, rule: String?, request: UInt64
    ) {
        self.principal = principal
        self.volume = volume
        self.revision = revision
        self.path = path
        self.frontEnd = frontEnd
        self.decision = decision
        self.rule = rule
        self.request = request
    }
}

/// What stands in a line of an audit log.
package enum AuditRecord: Hashable, Sendable {
    /// An open or a refusal.
    case access(DataAccess)
    /// So many records could not be written since the last one of this kind.
    case lost(Int)
}

/// An audit record with its instant, by the clock of the machine.
package struct TimedAuditRecord: Hashable, Sendable {
    /// When.
    package var time: Timestamp
    /// What.
    package var record: AuditRecord

    /// Puts a record together.
    package init(time: Timestamp, record: AuditRecord) {
        self.time = time
        self.record = record
    }
}
