internal import VolumeModel

/// How much a `PlaceTable` remembers.
struct PlaceLimit: Sendable {
    /// Sets of states, of leaves, and places.
    var sets = 32_768
    /// Numbers in all of them and in the table of steps, of four bytes.
    var numbers = 8 << 20
}

/// Runs the automaton of a `PathPatternSet` over paths, and remembers each step.
///
/// Sets of states get numbers, and a step from a number by a class of bytes is looked up the second
/// time: what is remembered is the deterministic automaton, as far as paths have led into it. It is
/// dropped where it grows beyond a limit; places that are held stay good.
///
/// INVARIANT: row 0 is the empty set of states, cover 0 that of leaves, in every generation.
struct PlaceTable<Value: Sendable> {
    private struct Row {
        let states: [Int32]
        let matches: [Int32]
        /// The place that was last met with these states.
        var place: PathPlace<Value>?
    }

    private struct Cover {
        let leaves: [Int32]
        let value: Value
    }

    /// A path on the way: the numbers of its states and of what covers it.
    private struct Cursor {
        var row: Int32
        var cover: Int32

        var key: UInt64 {
            UInt64(UInt32(bitPattern: row)) << 32 | UInt64(UInt32(bitPattern: cover))
        }
    }

    private let patterns: PathPatternSet
    private let limit: PlaceLimit
    private let makeValue: @Sendable ([Int32]) -> Value
    private let byteClasses: [UInt8]
    private let byteClassCount: Int
    /// The place of the root.
    let root: PathPlace<Value>

    private var workspace: PathPatternSet.Workspace
    private var generation: UInt32 = 0
    private var rootCursor = Cursor(row: 0, cover: 0)
    private var rows: [Row] = []
    private var rowNumbers: [[Int32]: Int32] = [:]
    /// Whether anything matches in a row.
    private var isMatching: [Bool] = []
    /// The row behind a row and a class of bytes; -1: not known yet.
    private var steps: [Int32] = []
    private var covers: [Cover] = []
    private var coverNumbers: [[Int32]: Int32] = [:]
    /// Where the ends of segments lead that match something.
    private var arrivals: [UInt64: Cursor] = [:]
    private var places: [UInt64: PathPlace<Value>] = [:]
    private var numberCount = 0

    /// - Parameter makeValue: what follows from leaves, in order; asked for once for each set.
    init(
        _ patterns: PathPatternSet, limit: PlaceLimit = PlaceLimit(),
        _ makeValue: @escaping @Sendable ([Int32]) -> Value
    ) {
        self.patterns = patterns
        self.limit = limit
        self.makeValue = makeValue
        byteClasses = patterns.byteClasses
        byteClassCount = patterns.byteClassCount
        workspace = PathPatternSet.Workspace(for: patterns)
        let leaves = patterns.rootLeaves
        root = PathPlace(
            states: patterns.states(patterns.start(&workspace), leadingBeyond: leaves),
            covering: leaves, isRoot: true, value: makeValue(leaves), numbers: (0, 0, 0))
        clear()
    }

    /// The place of the entry called `name` in the folder at `place`.
    mutating func place(
        of name: UnsafeRawBufferPointer, in place: PathPlace<Value>
    ) -> PathPlace<Value> {
        if place.isSettled { return place }
        var cursor = cursor(at: place)
        if !place.isRoot { step(&cursor, by: UInt8(ascii: "/")) }
        for byte in name {
            if cursor.row == 0 { break }
            step(&cursor, by: byte)
        }
        if isMatching[Int(cursor.row)] { arrive(&cursor) }
        return self.place(at: cursor)
    }

    /// The place of the entry at `path`.
    mutating func place(at path: UnsafeRawBufferPointer) -> PathPlace<Value> {
        if path.isEmpty || root.isSettled { return root }
        var cursor = rootCursor
        for byte in path {
            if byte == UInt8(ascii: "/"), isMatching[Int(cursor.row)] { arrive(&cursor) }
            if cursor.row == 0 { break }
            step(&cursor, by: byte)
        }
        if isMatching[Int(cursor.row)] { arrive(&cursor) }
        return place(at: cursor)
    }

    /// The leaves that something below the folder at `place` may match, as ranges in no order.
    mutating func leaves(below place: PathPlace<Value>) -> [Range<Int32>] {
        if place.isSettled { return [] }
        var cursor = cursor(at: place)
        if !place.isRoot { step(&cursor, by: UInt8(ascii: "/")) }
        return rows[Int(cursor.row)].states.map { patterns.reachableLeaves(from: $0) }
    }

    private mutating func cursor(at place: PathPlace<Value>) -> Cursor {
        if place.isRoot { return rootCursor }
        if place.numbers.generation == generation {
            return Cursor(row: place.numbers.row, cover: place.numbers.cover)
        }
        makeRoom()
        return Cursor(
            row: row(place.states), cover: cover(place.covering, value: place.value))
    }

    @inline(__always)
    private mutating func step(_ cursor: inout Cursor, by byte: UInt8) {
        let known = steps[slot(cursor.row, byte)]
        if known >= 0 { cursor.row = known } else { stepAnew(&cursor, by: byte) }
    }

    @inline(__always)
    private func slot(_ row: Int32, _ byte: UInt8) -> Int {
        Int(row) &* byteClassCount &+ Int(byteClasses[Int(byte)])
    }

    /// Takes a step for the first time.
    @inline(never)
    private mutating func stepAnew(_ cursor: inout Cursor, by byte: UInt8) {
        let slot = slot(cursor.row, byte)
        let states = patterns.next(rows[Int(cursor.row)].states, by: byte, &workspace)
        let cover = covers[Int(cursor.cover)]
        if makeRoom() {
            cursor.cover = self.cover(cover.leaves, value: cover.value)
            cursor.row = row(states)
        } else {
            cursor.row = row(states)
            steps[slot] = cursor.row
        }
    }

    /// Takes in what matches at the end of a segment.
    @inline(never)
    private mutating func arrive(_ cursor: inout Cursor) {
        let key = cursor.key
        if let known = arrivals[key] {
            cursor = known
            return
        }
        let states = rows[Int(cursor.row)].states
        let leaves = merged(covers[Int(cursor.cover)].leaves, rows[Int(cursor.row)].matches)
        let isFull = makeRoom()
        cursor.cover = cover(leaves, value: nil)
        cursor.row = row(patterns.states(states, leadingBeyond: leaves))
        if !isFull { arrivals[key] = cursor }
    }

    private mutating func place(at cursor: Cursor) -> PathPlace<Value> {
        if let last = rows[Int(cursor.row)].place, last.numbers.cover == cursor.cover {
            return last
        }
        let key = cursor.key
        if let known = places[key] {
            rows[Int(cursor.row)].place = known
            return known
        }
        let cover = covers[Int(cursor.cover)]
        let place = PathPlace(
            states: rows[Int(cursor.row)].states, covering: cover.leaves, isRoot: false,
            value: cover.value, numbers: (cursor.row, cursor.cover, generation))
        places[key] = place
        rows[Int(cursor.row)].place = place
        return place
    }

    /// The number of a set of states.
    private mutating func row(_ states: [Int32]) -> Int32 {
        if let known = rowNumbers[states] { return known }
        let number = Int32(rows.count)
        let matches = patterns.matches(states)
        rows.append(Row(states: states, matches: matches, place: nil))
        rowNumbers[states] = number
        isMatching.append(!matches.isEmpty)
        steps.append(contentsOf: repeatElement(-1, count: byteClassCount))
        numberCount += states.count + matches.count + byteClassCount
        return number
    }

    /// The number of a set of leaves.
    private mutating func cover(_ leaves: [Int32], value: Value?) -> Int32 {
        if let known = coverNumbers[leaves] { return known }
        let number = Int32(covers.count)
        covers.append(Cover(leaves: leaves, value: value ?? makeValue(leaves)))
        coverNumbers[leaves] = number
        numberCount += leaves.count
        return number
    }

    /// Drops everything where a limit is reached, and says whether it was: all numbers are new then.
    @discardableResult
    private mutating func makeRoom() -> Bool {
        guard
            numberCount > limit.numbers || rows.count > limit.sets || covers.count > limit.sets
                || places.count > limit.sets || arrivals.count > limit.sets
        else { return false }
        generation &+= 1
        clear()
        return true
    }

    private mutating func clear() {
        rows = []
        rowNumbers = [:]
        isMatching = []
        steps = []
        covers = []
        coverNumbers = [:]
        arrivals = [:]
        places = [:]
        numberCount = 0
        _ = row([])
        _ = cover([], value: nil)
        rootCursor = Cursor(
            row: row(root.states), cover: cover(root.covering, value: root.value))
    }

    private func merged(_ left: [Int32], _ right: [Int32]) -> [Int32] {
        let new = right.filter { value in
            let index = left.firstIndex(atOrAbove: value)
            return index == left.count || left[index] != value
        }
        return new.isEmpty ? left : (left + new).sorted()
    }
}
