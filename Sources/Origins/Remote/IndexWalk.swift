/// A walk through folders whose files come out in the byte order of their keys, without any request
/// of its own.
///
/// A folder is ordered with the slash at its name's end: then all of what lies in it comes between
/// its neighbours, as in a bucket's list.
struct IndexWalk {
    /// What comes next.
    enum Step {
        /// A file of that key.
        case file(key: [UInt8], IndexPage.Item)
        /// The page of that folder is wanted, by `enter`.
        case open(folder: [UInt8])
        case end
    }

    /// Folders below the one that is walked, after which something goes in circles.
    static let deepest = 64

    private struct Level {
        let folder: [UInt8]
        var items: ArraySlice<IndexPage.Item>
    }

    private let prefix: [UInt8]
    /// Files up to this key have come already.
    private let last: [UInt8]?
    /// Innermost last.
    private var levels: [Level] = []
    private var isStarted = false

    /// - Parameters:
    ///   - prefix: what keys begin with.
    ///   - last: where an earlier walk has ended.
    init(prefix: [UInt8], after last: [UInt8]? = nil) {
        self.prefix = prefix
        self.last = last
    }

    mutating func next() -> Step {
        guard isStarted else {
            isStarted = true
            let slash = prefix.lastIndex(of: UInt8(ascii: "/"))
            return .open(folder: slash.map { Array(prefix[...$0]) } ?? [])
        }
        while var level = levels.popLast() {
            guard let item = level.items.popFirst() else { continue }
            levels.append(level)
            let key = level.folder + item.name
            if item.isFolder {
                let isWanted = key.starts(with: prefix) || prefix.starts(with: key)
                if isWanted, last.map({ comesAfter(key, $0) }) ?? true { return .open(folder: key) }
            } else if key.starts(with: prefix),
                last.map({ $0.lexicographicallyPrecedes(key) }) ?? true
            {
                return .file(key: key, item)
            }
        }
        return .end
    }

    /// Whether a folder can hold keys after `last`.
    private func comesAfter(_ folder: [UInt8], _ last: [UInt8]) -> Bool {
        last.starts(with: folder) || last.lexicographicallyPrecedes(folder)
    }

    /// Goes into a folder whose page has been read.
    mutating func enter(_ folder: [UInt8], _ items: [IndexPage.Item]) {
        levels.append(Level(folder: folder, items: items[...]))
    }

    /// How many folders it is in.
    var depth: Int { levels.count }
}
