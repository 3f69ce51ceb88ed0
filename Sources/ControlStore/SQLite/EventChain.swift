internal import VolumeModel

/// How the hash of an event is made: over the hash of the one before and everything it says, so
/// that no event can be changed, left out, put in or moved without a change of all that follow.
enum EventChain {
    /// What stands for the hash before the first event.
    static let start = [UInt8](repeating: 0, count: 32)

    /// What an event says, as it is stored.
    struct Fields {
        var sequence: Int64
        var at: Int64
        var actor: Int64
        var actorName: String
        var action: String
        var subject: String
        var detail: String
    }

    /// The 32 bytes of the event that follows the one with the hash `previous`.
    static func hash(after previous: [UInt8], _ fields: Fields) -> [UInt8] {
        var hash = FramedHash(domain: "perigee.control.event.1")
        hash.update(fixed: previous)
        hash.update(fields.sequence)
        hash.update(fields.at)
        hash.update(fields.actor)
        for text in [fields.actorName, fields.action, fields.subject, fields.detail] {
            Array(text.utf8).withUnsafeBytes { hash.update(counted: $0) }
        }
        return hash.finalize()
    }
}
