/// Whose turn it is: transfers of one server run up to its bound, others wait in the order in which
/// they came. It makes no system call.
struct TransferQueue<Element> {
    private var running: [String: Int] = [:]
    private var waiting: [(server: String, limit: Int, element: Element)] = []

    /// Whether nobody waits.
    var isEmpty: Bool { waiting.isEmpty }

    /// Adds one that wants to run.
    mutating func add(_ element: Element, server: String, limit: Int) {
        waiting.append((server, max(1, limit), element))
    }

    /// Takes those out that may run now, oldest first; each counts until `ended`.
    mutating func ready() -> [Element] {
        var ready: [Element] = []
        waiting.removeAll { next in
            let count = running[next.server] ?? 0
            guard count < next.limit else { return false }
            running[next.server] = count + 1
            ready.append(next.element)
            return true
        }
        return ready
    }

    /// One that ran on a server has ended.
    mutating func ended(server: String) {
        guard let count = running[server] else { return }
        running[server] = count > 1 ? count - 1 : nil
    }

    /// Takes those out that still wait and for which `isOver` holds.
    mutating func remove(where isOver: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        waiting.removeAll { next in
            guard isOver(next.element) else { return false }
            removed.append(next.element)
            return true
        }
        return removed
    }

    /// All that wait.
    var elements: [Element] { waiting.map(\.element) }
}
