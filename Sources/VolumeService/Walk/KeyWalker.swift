internal import AccessControl
internal import Catalogue
internal import VolumeModel

/// Walks the rows of one revision for one page.
///
/// The order of a folder's rows, with a slash behind the names of folders, is the order of whole
/// keys: a walk into each folder where its row stands meets the keys in order. It begins at the
/// lowest key that counts by descending along it, and passes over a group by beginning anew behind
/// it: nothing between is read.
struct KeyWalker {
    /// How a walk through a folder ended.
    private enum Outcome {
        /// What is behind it comes next.
        case goOn
        /// Keys from here on come next.
        case seek([UInt8])
        /// The page is over.
        case over
    }

    /// What a look for a file to be seen came to.
    private enum Search {
        case found
        case none
        /// Patience ended here.
        case late([UInt8])
    }

    private let sight: EntrySight
    private let walk: KeyWalk
    private let deadline: ContinuousClock.Instant
    private let view: AccessView?
    /// Whether a row needs no decision.
    private let isOpen: Bool
    private let hasDigests: Bool
    private var page = KeyPage()
    /// Whether a row was met that the next page would not meet again.
    private var hasMoved = false

    /// Rows of a folder are read so many at first: most folders are left again soon, or are small.
    private static let firstRows = 64

    init(_ sight: EntrySight, _ walk: KeyWalk) throws(PerigeeError) {
        self.sight = sight
        self.walk = walk
        deadline = .now + walk.patience
        hasDigests = try sight.reader.hasDigests()
        switch sight.granted.grant {
        case .everything: (view, isOpen) = (nil, true)
        case .nothing: (view, isOpen) = (nil, false)
        case .view(let view): (self.view, isOpen) = (view, false)
        }
    }

    /// The page.
    mutating func run() throws(PerigeeError) -> KeyPage {
        guard isOpen || view != nil else { return page }
        var lowest = walk.lowest
        while let bound = lowest {
            lowest = nil
            switch try visit(.root, key: [], at: view?.root, from: bound) {
            case .goOn, .over: break
            case .seek(let next): lowest = next
            }
        }
        return page
    }

    /// - Parameters:
    ///   - key: the folder's path with a slash behind it; empty for the root.
    ///   - bound: what keys below it are at least, without the folder's own.
    private mutating func visit(
        _ folder: EntryID, key: [UInt8], at place: AccessView.Place?, from bound: [UInt8]
    ) throws(PerigeeError) -> Outcome {
        var rows = RowsFrom(bound)
        while let page = try rows.next(Self.firstRows, in: folder, sight) {
            for row in page {
                let outcome = try meet(row, in: key, at: place, from: rows.bound(below: row))
                if case .goOn = outcome { continue }
                return outcome
            }
        }
        return .goOn
    }

    private mutating func meet(
        _ row: Entry, in folder: [UInt8], at above: AccessView.Place?, from bound: [UInt8]
    ) throws(PerigeeError) -> Outcome {
        let key = folder + row.key
        let prefix = walk.prefix
        if !key.starts(with: prefix) {
            // The way to the prefix, or what is behind everything that begins with it.
            guard row.kind == .folder, prefix.starts(with: key) else { return .over }
        }
        let place = above.flatMap { above in view?.place(of: row, in: above) }
        // Each page gets somewhere, however little patience there is.
        if hasMoved, ContinuousClock.now >= deadline {
            page.next = .from(key + bound)
            return .over
        }
        switch row.kind {
        case .file:
            hasMoved = true
            guard let shown = try shown(row, at: place) else { return .goOn }
            if let group = walk.group(of: key) {
                return add(.group(group)) ? seek(behind: group) : .over
            }
            let digest = hasDigests ? try sight.reader.digests(of: row.id).tagged : nil
            return add(.file(KeyedFile(key: key, entry: shown, digest: digest))) ? .goOn : .over
        case .folder:
            guard try isWorthAVisit(row, at: place) else {
                hasMoved = true
                return .goOn
            }
            if let group = walk.group(of: key) {
                // All keys below are in it.
                switch try search(row.id, key: key, at: place, from: bound) {
                case .none: return .goOn
                case .late(let place):
                    page.next = .from(place)
                    return .over
                case .found: break
                }
                guard add(.group(group)) else { return .over }
                return group == key ? .goOn : seek(behind: group)
            }
            let outcome = try visit(row.id, key: key, at: place, from: bound)
            hasMoved = true
            return outcome
        }
    }

    /// The file as the principal may see it.
    private func shown(
        _ row: Entry, at place: AccessView.Place?
    ) throws(PerigeeError) -> Entry? {
        guard let view, let place else { return row }
        if view.uniform == .read, row.accessClass == .none { return row }
        let level = try sight.decision(row, at: place, view).level
        guard level >= sight.granted.least else { return nil }
        var row = row
        row.isReadable = level >= .read
        return row
    }

    /// Whether there may be something to see below a folder.
    private func isWorthAVisit(
        _ folder: Entry, at place: AccessView.Place?
    ) throws(PerigeeError) -> Bool {
        guard let view, let place else { return true }
        return switch view.reach(below: place) {
        case .nothing: false
        case .everything: true
        case .some: try sight.hasVisible(in: folder.id, at: place, view)
        }
    }

    /// Looks for a file below a folder, at the bound or behind it, that may be seen: an empty folder
    /// has no key.
    ///
    /// - Parameter key: the folder's path with a slash behind it.
    private mutating func search(
        _ folder: EntryID, key: [UInt8], at place: AccessView.Place?, from bound: [UInt8]
    ) throws(PerigeeError) -> Search {
        var rows = RowsFrom(bound)
        while let page = try rows.next(8, in: folder, sight) {
            for row in page {
                let bound = rows.bound(below: row)
                if hasMoved, ContinuousClock.now >= deadline {
                    return .late(key + row.key + bound)
                }
                let place = place.flatMap { above in view?.place(of: row, in: above) }
                switch row.kind {
                case .file: if try shown(row, at: place) != nil { return .found }
                case .folder:
                    guard try isWorthAVisit(row, at: place) else { break }
                    let found = try search(row.id, key: key + row.key, at: place, from: bound)
                    if case .none = found { break }
                    return found
                }
                hasMoved = true
            }
        }
        hasMoved = true
        return .none
    }

    /// - Returns: false where the page was full before.
    private mutating func add(_ item: KeyItem) -> Bool {
        guard page.items.count < walk.limit else {
            page.next = page.items.last.map { .after($0.key) }
            return false
        }
        if page.items.isEmpty { page.items.reserveCapacity(min(walk.limit, 1_000)) }
        page.items.append(item)
        return true
    }

    private func seek(behind group: [UInt8]) -> Outcome {
        KeyWalk.behind(group).map { .seek($0) } ?? .over
    }
}

/// The rows of a folder that hold keys at a bound or behind it, page by page.
private struct RowsFrom {
    /// The lowest key of the next page's rows.
    private var first: [UInt8]
    /// The name of the folder that the bound leads into, and the bound there.
    private let into: (name: ArraySlice<UInt8>, bound: [UInt8])?
    private var isOver = false
    private var hasBegun = false

    private static let slash = UInt8(ascii: "/")
    private static let mostRows = 1_024

    /// - Parameter bound: without the path of the folder.
    init(_ bound: [UInt8]) {
        if let split = bound.firstIndex(of: Self.slash) {
            first = Array(bound[...split])
            into = (bound[..<split], Array(bound[(split + 1)...]))
        } else {
            first = bound
            into = nil
        }
    }

    /// The next rows, `count` of them the first time; nil at the end.
    mutating func next(
        _ count: Int, in folder: EntryID, _ sight: EntrySight
    ) throws(PerigeeError) -> [Entry]? {
        if isOver { return nil }
        let size = hasBegun ? Self.mostRows : count
        hasBegun = true
        let rows = try sight.reader.list(
            folder, from: first, limit: size, revision: sight.revision)
        if rows.count == size, let last = rows.last {
            first = last.key + [0]
        } else {
            isOver = true
        }
        return rows
    }

    /// The bound among what is below a row: empty but for the folder that the bound leads into.
    func bound(below row: Entry) -> [UInt8] {
        guard let into, row.kind == .folder, row.name.elementsEqual(into.name) else { return [] }
        return into.bound
    }
}
