internal import VolumeModel

/// The time around an instant in which nothing flips.
struct ViewInterval {
    /// The instant.
    let now: Timestamp
    /// The last flip up to it.
    private(set) var from = Timestamp.distantPast
    /// The next flip behind it; nil: there is none.
    private(set) var until: Timestamp?

    init(around now: Timestamp) { self.now = now }

    /// Something is otherwise from `instant` on than before; nil: never.
    mutating func flip(at instant: Timestamp?) {
        guard let instant else { return }
        if instant <= now {
            from = max(from, instant)
        } else {
            until = min(until ?? instant, instant)
        }
    }
}
