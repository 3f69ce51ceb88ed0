/// The end of the chain of events: who notes it down elsewhere can tell later that nothing before
/// it was changed or taken away.
package struct AuditHead: Hashable, Sendable {
    /// The last event's number; 0 where there is none.
    package let sequence: Int64
    /// Its hash, 32 bytes; zeros where there is none.
    package let hash: [UInt8]

    /// Puts a head together.
    package init(sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }
}

/// What going through the chain of events from its start has shown.
package struct AuditVerification: Hashable, Sendable {
    /// Where the chain does not hold.
    package struct Fault: Hashable, Sendable {
        /// The first event that is not what it was.
        package let sequence: Int64
        /// What is the matter with it, as in `event 7 is missing`.
        package let detail: String

        /// Puts a fault together.
        package init(sequence: Int64, detail: String) {
            self.sequence = sequence
            self.detail = detail
        }
    }

    /// The last event.
    package let head: AuditHead
    /// Nil where each event follows from the one before.
    package let fault: Fault?
    /// Which event has the hash that was noted down elsewhere, nil where none has it or none was
    /// given.
    package let noted: Int64?

    /// Puts a verification together.
    package init(head: AuditHead, fault: Fault?, noted: Int64?) {
        self.head = head
        self.fault = fault
        self.noted = noted
    }
}
