internal import GRDB
internal import VolumeModel

extension ControlReader {
    /// Events after `sequence`, the oldest first.
    func events(after sequence: Int64, limit: Int) throws -> [ControlEvent] {
        try rows(
            """
            SELECT sequence, at, actor, actor_name, action, subject, detail, hash FROM event
            WHERE sequence > ? ORDER BY sequence LIMIT ?
            """, [sequence, max(0, limit)]
        ) { columns in
            ControlEvent(
                sequence: try columns.integer(0),
                at: Timestamp(nanoseconds: try columns.integer(1)),
                actor: try columns.required(UInt32(exactly: columns.integer(2)), 2),
                actorName: try columns.text(3),
                action: try columns.required(ControlAction(rawValue: columns.text(4)), 4),
                subject: try columns.text(5), detail: try columns.text(6),
                hash: try columns.blob(7))
        }
    }
}
