internal import Synchronization

/// The schedule with those who wait for their turn.
final class FillSlots: Sendable {
    private let alarms: Alarms
    private let state: Mutex<State>

    private struct State {
        var schedule: FillSchedule
        var waits: [FillSchedule.Ticket: Wait<Void>] = [:]
        var next: FillSchedule.Ticket = 0
    }

    init(slots: Int, alarms: Alarms) {
        self.alarms = alarms
        state = Mutex(State(schedule: FillSchedule(slots: slots)))
    }

    /// A number for a request that is going to ask for its turn.
    func ticket() -> FillSchedule.Ticket {
        state.withLock { state in
            state.next += 1
            return state.next
        }
    }

    /// Waits for the request's turn; false where its task was cancelled before.
    func take(_ ticket: FillSchedule.Ticket, group: String, isDemand: Bool) async -> Bool {
        let wait = Wait<Void>()
        wake { state in
            state.waits[ticket] = wait
            return state.schedule.add(ticket, group: group, isDemand: isDemand)
        }
        if await wait.value(until: nil, by: alarms) != nil { return true }
        give(ticket)
        return false
    }

    /// Gives a turn back.
    func give(_ ticket: FillSchedule.Ticket) {
        wake { state in
            state.waits[ticket] = nil
            return state.schedule.remove(ticket)
        }
    }

    /// Somebody waits for the request now.
    func promote(_ ticket: FillSchedule.Ticket) {
        wake { $0.schedule.promote(ticket) }
    }

    private func wake(_ change: (inout State) -> [FillSchedule.Ticket]) {
        let waits = state.withLock { state in
            change(&state).compactMap { state.waits.removeValue(forKey: $0) }
        }
        for wait in waits { wait.resume(()) }
    }
}
