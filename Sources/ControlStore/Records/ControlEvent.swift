package import VolumeModel

/// What an administrator can do to the control store.
package enum ControlAction: String, Sendable, CaseIterable {
    case rootAdded = "root-added"
    case rootRemoved = "root-removed"
    case volumeAdded = "volume-added"
    case volumeRemoved = "volume-removed"
    case madePublic = "made-public"
    case madePrivate = "made-private"
    case published = "published"
    case switched = "switched"
}

/// One change of the control store, written in the transaction that made it.
package struct ControlEvent: Hashable, Sendable {
    /// Its place among all, from 1, without gaps.
    package let sequence: Int64
    /// When it was made, by this machine's clock.
    package let at: Timestamp
    /// The real user ID of the process that made it.
    package let actor: UInt32
    /// What was done.
    package let action: ControlAction
    /// The volume or root that it was done to.
    package let subject: String
    /// How, for people: `r2`, `r3 to r2`, `posix:/data`.
    package let detail: String

    /// Puts an event together.
    package init(
        sequence: Int64, at: Timestamp, actor: UInt32, action: ControlAction, subject: String,
        detail: String
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }
}
