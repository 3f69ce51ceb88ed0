/// What this process knows of one block.
struct BlockState: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// The map says that it is there; to be checked before use.
    static let present = BlockState(rawValue: 1)
    /// Its bytes were checked, or came, since this process started.
    static let verified = BlockState(rawValue: 2)
    /// It was fetched before anybody asked, and nobody has had all of it yet.
    static let ahead = BlockState(rawValue: 4)
    /// It was read since eviction last came by.
    static let touched = BlockState(rawValue: 8)
    /// Eviction leaves it for last.
    static let pinned = BlockState(rawValue: 16)
    /// It is being checked, or taken away: nobody else touches it.
    static let checking = BlockState(rawValue: 32)
}
