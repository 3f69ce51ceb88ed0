internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// The files that a mount has opened, each state of a volume for itself, in the order of their first
/// opening.
///
/// A file counts as read when it is opened: what the kernel reads by itself is seen by nobody else.
/// Some 150 bytes for each file.
final class ReadList: Sendable {
    /// Files that are remembered; what comes beyond them is counted.
    static let most = 200_000

    /// A file, as it was looked up, and when it was opened first.
    struct Item {
        let entry: Entry
        let snapshot: VolumeSnapshot
        let time: Timestamp
    }

    private struct Row {
        let record: NodePointer
        let snapshot: Int
        let time: Timestamp
    }

    private struct Key: Hashable {
        let node: Node
        let snapshot: Int
    }

    private struct Seen: Hashable {
        let ordinal: Int
        let number: RevisionNumber
        let selector: RevisionSelector
    }

    /// Its rows have memory of their own, which goes with it.
    private final class Rows {
        var rows: [Row] = []
        var known: Set<Key> = []
        var snapshots: [VolumeSnapshot] = []
        var numbers: [Seen: Int] = [:]
        var omitted = 0

        deinit { for row in rows { row.record.free() } }
    }

    private let state = Mutex(Rows())

    /// A file was opened.
    func note(_ entry: Entry, _ node: Node, _ snapshot: VolumeSnapshot, at time: Timestamp) {
        state.withLock { rows in
            let seen = Seen(
                ordinal: snapshot.ordinal, number: snapshot.number, selector: snapshot.selector)
            let number = rows.numbers[seen] ?? rows.snapshots.count
            if number == rows.snapshots.count {
                rows.numbers[seen] = number
                rows.snapshots.append(snapshot)
            }
            let key = Key(node: node, snapshot: number)
            guard !rows.known.contains(key) else { return }
            // An entry that is out of range was never looked up.
            guard rows.rows.count < Self.most,
                let record = try? NodeRecord(entry, node: node, view: 0)
            else {
                rows.omitted += 1
                return
            }
            rows.known.insert(key)
            rows.rows.append(
                Row(
                    record: NodePointer(record, name: entry.name), snapshot: number, time: time))
        }
    }

    /// How many files are remembered, and how many were too many.
    var counts: (kept: Int, omitted: Int) {
        state.withLock { ($0.rows.count, $0.omitted) }
    }

    /// Some of the files that are remembered.
    func items(_ range: Range<Int>) -> [Item] {
        state.withLock { rows in
            rows.rows[range].map { row in
                Item(
                    entry: row.record.entry, snapshot: rows.snapshots[row.snapshot], time: row.time)
            }
        }
    }
}
