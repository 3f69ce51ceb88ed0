/// Which request to an origin goes next.
///
/// What somebody waits for goes before what is fetched ahead, which never has the last quarter of
/// the slots. Among groups (volumes, or sessions) the one with the fewest requests under way goes
/// first, so that one that asks for a thousand does not keep another's single one waiting.
package struct FillSchedule: Sendable {
    /// Names a request.
    package typealias Ticket = UInt64

    private struct Request {
        let ticket: Ticket
        let group: String
        var isDemand: Bool
    }

    private let slots: Int
    /// In the order in which they came.
    private var waiting: [Request] = []
    private var running: [Ticket: Request] = [:]
    private var runningByGroup: [String: Int] = [:]
    private var runningAhead = 0
    /// When each group was served last: ties go to the one that waits longest.
    private var served: [String: UInt64] = [:]
    private var clock: UInt64 = 0

    /// - Parameter slots: requests at once.
    package init(slots: Int) { self.slots = max(1, slots) }

    /// Requests under way.
    package var runningCount: Int { running.count }
    /// Requests that wait for their turn.
    package var waitingCount: Int { waiting.count }

    /// Adds a request.
    ///
    /// - Returns: the tickets that may start now, as from all calls.
    package mutating func add(_ ticket: Ticket, group: String, isDemand: Bool) -> [Ticket] {
        waiting.append(Request(ticket: ticket, group: group, isDemand: isDemand))
        return start()
    }

    /// Somebody waits for it now.
    package mutating func promote(_ ticket: Ticket) -> [Ticket] {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return [] }
        waiting[index].isDemand = true
        return start()
    }

    /// A request has ended, or is not wanted any more.
    package mutating func remove(_ ticket: Ticket) -> [Ticket] {
        if let request = running.removeValue(forKey: ticket) {
            let left = runningByGroup[request.group, default: 1] - 1
            runningByGroup[request.group] = left == 0 ? nil : left
            if !request.isDemand { runningAhead -= 1 }
        } else {
            waiting.removeAll { $0.ticket == ticket }
        }
        return start()
    }

    private mutating func start() -> [Ticket] {
        var started: [Ticket] = []
        while running.count < slots, let index = best() {
            let request = waiting.remove(at: index)
            running[request.ticket] = request
            runningByGroup[request.group, default: 0] += 1
            if !request.isDemand { runningAhead += 1 }
            clock += 1
            served[request.group] = clock
            if served.count > 1_024 { served = served.filter { runningByGroup[$0.key] != nil } }
            started.append(request.ticket)
        }
        return started
    }

    private func best() -> Int? {
        let mayGoAhead = runningAhead < max(1, slots - slots / 4)
        var best: (index: Int, rank: (Int, Int, UInt64))?
        for (index, request) in waiting.enumerated() {
            guard request.isDemand || mayGoAhead else { continue }
            let rank = (
                request.isDemand ? 0 : 1, runningByGroup[request.group] ?? 0,
                served[request.group] ?? 0
            )
            if best == nil || rank < best!.rank { best = (index, rank) }
        }
        return best?.index
    }
}
