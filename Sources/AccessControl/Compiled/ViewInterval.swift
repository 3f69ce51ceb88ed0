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

    /// Something is otherwise from each of these instants on than before; they are in order.
    mutating func flip(atEachOf instants: [Timestamp]) {
        var (low, high) = (0, instants.count)
        while low < high {
            let middle = (low + high) / 2
            if instants[middle] <= now { low = middle + 1 } else { high = middle }
        }
        if low > 0 { flip(at: instants[low - 1]) }
        if low < instants.count { flip(at: instants[low]) }
    }
}
