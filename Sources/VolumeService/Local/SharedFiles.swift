internal import Origins
internal import Synchronization
internal import VolumeModel

/// Files that are kept open for a while, since whoever reads a part of one often reads the next
/// part, or the file again, soon.
///
/// A kept file is checked against its origin once a second, as all open files are. It may stand for
/// a version whose name leads to another one by now: that is the version that was published.
final class SharedFiles: Sendable {
    struct Key: Hashable {
        let ordinal: Int
        let file: EntryID
    }

    /// A file with those who read it now.
    private struct Kept {
        /// Keeps it open, and has it checked.
        let keeper: ReadHandle
        let file: any FileContent
        var users = 0
        /// Looks of the sweep since it was used last.
        var idle = 0
        /// Whether it is to be closed by the last one who reads it.
        var isOver = false
    }

    private let kept = Mutex<[Key: Kept]>([:])
    private let most: Int

    /// Looks without use after which a file is closed: some seconds.
    private static let mostIdle = 5

    /// - Parameter most: files that are kept when nobody reads them.
    init(most: Int) { self.most = most }

    /// A handle on a kept file; nil where it is not kept, or not what was published any more.
    func handle(_ entry: Entry, ordinal: Int) -> ReadHandle? {
        let key = Key(ordinal: ordinal, file: entry.id)
        let file = kept.withLock { kept -> (any FileContent)? in
            guard let known = kept[key], !known.isOver, !known.file.isKnownStale else { return nil }
            kept[key]?.users += 1
            kept[key]?.idle = 0
            return known.file
        }
        return file.map { handle(on: $0, entry, key) }
    }

    /// Keeps a file that was just opened, and gives a handle on it.
    ///
    /// - Parameter keeper: a handle of its own, which is closed with the file.
    func keep(_ keeper: ReadHandle, _ file: any FileContent, ordinal: Int) -> ReadHandle {
        let entry = keeper.entry
        let key = Key(ordinal: ordinal, file: entry.id)
        let isKept = kept.withLock { kept in
            guard kept.count < most, kept[key] == nil else { return false }
            kept[key] = Kept(keeper: keeper, file: file, users: 1)
            return true
        }
        return isKept ? handle(on: file, entry, key) : keeper
    }

    /// Closes what nobody has used for a while, or what is stale; to be called once a second.
    func sweep() {
        close { kept in
            kept.idle += 1
            return kept.idle > Self.mostIdle || kept.file.isKnownStale
        }
    }

    /// Closes everything, as soon as nobody reads it.
    func closeAll() { close { _ in true } }

    private func close(where isOver: (inout Kept) -> Bool) {
        let keepers = kept.withLock { kept in
            var keepers: [ReadHandle] = []
            for key in kept.keys {
                guard var known = kept[key] else { continue }
                if isOver(&known) { known.isOver = true }
                kept[key] = known
                guard known.isOver, known.users == 0 else { continue }
                keepers.append(known.keeper)
                kept[key] = nil
            }
            return keepers
        }
        for keeper in keepers { keeper.close() }
    }

    private func handle(on file: any FileContent, _ entry: Entry, _ key: Key) -> ReadHandle {
        ReadHandle(sharing: file, entry: entry, ordinal: key.ordinal) { [weak self] in
            self?.release(key)
        }
    }

    private func release(_ key: Key) {
        let keeper = kept.withLock { kept -> ReadHandle? in
            guard var known = kept[key] else { return nil }
            known.users -= 1
            guard known.isOver, known.users == 0 else {
                kept[key] = known
                return nil
            }
            kept[key] = nil
            return known.keeper
        }
        keeper?.close()
    }
}
