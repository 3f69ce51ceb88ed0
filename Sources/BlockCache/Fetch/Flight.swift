/// Names one request for neighbouring blocks of an object.
struct FlightID: Hashable, Sendable {
    let number: UInt64
}

/// One request for neighbouring blocks, from before it waits for its turn until its last block came
/// or failed.
struct Flight: Sendable {
    let blocks: Range<Int>
    /// Whether a reader waited for a block of it when it began.
    let isDemand: Bool
    /// Whether its source is held up where memory is short. Such a flight may be larger than memory, and is
    /// not counted as being on its way.
    let isPaced: Bool
    /// Its place in the schedule.
    let ticket: FillSchedule.Ticket
    /// Readers that wait and handles that want it; at 0 it is given up.
    var interest: Int
    /// Nil until it was started.
    var task: Task<Void, Never>?
}
