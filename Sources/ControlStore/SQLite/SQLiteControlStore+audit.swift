internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func auditHead() throws(PerigeeError) -> AuditHead {
        try reading { reader in try reader.head() }
    }

    package func verifyAudit(noted hash: [UInt8]?) throws(PerigeeError) -> AuditVerification {
        try reading { reader in try reader.verifyAudit(noted: hash) }
    }
}

extension ControlReader {
    /// The end of the chain.
    func head() throws -> AuditHead {
        try rows("SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1") { columns in
            AuditHead(sequence: try columns.integer(0), hash: try columns.blob(1))
        }.first ?? AuditHead(sequence: 0, hash: EventChain.start)
    }

    /// Goes through the chain from its start.
    ///
    /// - Parameter hash: what was noted down as the head once.
    func verifyAudit(noted hash: [UInt8]?) throws -> AuditVerification {
        var previous = AuditHead(sequence: 0, hash: EventChain.start)
        var fault: AuditVerification.Fault?
        var noted: Int64? = hash == EventChain.start ? 0 : nil
        try forEach(
            """
            SELECT sequence, at, actor, actor_name, action, subject, detail, hash FROM event
            ORDER BY sequence
            """
        ) { columns in
            guard fault == nil else { return }
            let fields = EventChain.Fields(
                sequence: try columns.integer(0), at: try columns.integer(1),
                actor: try columns.integer(2), actorName: try columns.text(3),
                action: try columns.text(4), subject: try columns.text(5),
                detail: try columns.text(6))
            let stored = try columns.blob(7)
            if fields.sequence != previous.sequence + 1 {
                fault = .init(sequence: previous.sequence + 1, detail: "is missing")
            } else if EventChain.hash(after: previous.hash, fields) != stored {
                fault = .init(
                    sequence: fields.sequence, detail: "does not follow from the one before")
            }
            previous = AuditHead(sequence: fields.sequence, hash: stored)
            if stored == hash, fault == nil { noted = fields.sequence }
        }
        let head = try head()
        // Whoever takes events from the end and leaves the counter alone shows by that.
        let given =
            try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'") ?? 0
        if fault == nil, given > head.sequence {
            fault = .init(sequence: head.sequence + 1, detail: "is missing")
        }
        return AuditVerification(head: head, fault: fault, noted: noted)
    }
}
