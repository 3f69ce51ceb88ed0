package import VolumeModel

/// One change of the control store, written in the transaction that made it.
///
/// Events are a chain: the hash of each covers the one before.
package struct ControlEvent: Hashable, Sendable {
    /// Its place among all, from 1, without gaps.
    package let sequence: Int64
    /// When it was made, by this machine's clock.
    package let at: Timestamp
    /// The real user ID of the process that made it.
    package let actor: UInt32
    /// What that user was called; empty where it is not known.
    package let actorName: String
    /// What was done.
    package let action: ControlAction
    /// What it was done to, of the action's `subjectKind`.
    package let subject: String
    /// How, for people: `r2`, `r3 to r2`, `posix:/data`; what was and what is. Never a secret.
    package let detail: String
    /// SHA-256 over the hash of the event before and everything above, 32 bytes.
    package let hash: [UInt8]

    /// Puts an event together.
    package init(
        sequence: Int64, at: Timestamp, actor: UInt32, actorName: String, action: ControlAction,
        subject: String, detail: String, hash: [UInt8]
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.actorName = actorName
        self.action = action
        self.subject = subject
        self.detail = detail
        self.hash = hash
    }
}
