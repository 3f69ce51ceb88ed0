internal import VolumeModel

/// A spot in a file.
package struct FilePlace: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The file, as the person who named it would find it.
    package let file: String
    /// The line, from 1.
    package let line: Int
    /// The column, from 1, counted in Unicode scalars.
    package let column: Int

    /// Puts a place together.
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.file != right.file {
            return left.file.utf8.lexicographicallyPrecedes(right.file.utf8)
        }
        return (left.line, left.column) < (right.line, right.column)
    }

    /// `policies/jwst.yaml:14:5`, which editors and terminals jump to; made safe for them.
    package var description: String {
        "\(Printable.escaped(Array(file.utf8))):\(line):\(column)"
    }
}

/// One thing that is wrong with a file.
package struct FileFault: Hashable, Sendable, CustomStringConvertible {
    /// Where.
    package let place: FilePlace
    /// What is wrong, with what.
    package let message: String
    /// What to do about it.
    package let remedy: String

    /// Puts a fault together.
    package init(_ place: FilePlace, _ message: String, remedy: String) {
        self.place = place
        self.message = message
        self.remedy = remedy
    }

    /// `FILE:LINE:COLUMN: what is wrong`, and below it what to do.
    package var description: String { "\(place): \(message)\n  \(remedy)" }
}

/// Everything that is wrong with a set of files; while there is anything, none of them
/// counts.
package struct FileFaults: Error, Sendable, CustomStringConvertible {
    /// As many as are told at once.
    package static let shown = 20

    /// The faults in the order in which they were found, each once.
    package private(set) var all: [FileFault] = []
    private var known: Set<FileFault> = []

    /// No faults.
    package init() {}

    /// A single fault.
    package init(_ place: FilePlace, _ message: String, remedy: String) {
        add(place, message, remedy: remedy)
    }

    /// Whether nothing is wrong.
    package var isEmpty: Bool { all.isEmpty }

    /// How many there are.
    package var count: Int { all.count }

    /// The first 20, by file, line and column.
    package var first: [FileFault] {
        Array(all.sorted { $0.place < $1.place }.prefix(Self.shown))
    }

    /// Adds one.
    package mutating func add(_ place: FilePlace, _ message: String, remedy: String) {
        add(FileFault(place, message, remedy: remedy))
    }

    /// Adds those of another set.
    package mutating func add(_ others: FileFaults) {
        for fault in others.all { add(fault) }
    }

    // What one rule's list says wrong once, each rule made of it says wrong.
    private mutating func add(_ fault: FileFault) {
        if known.insert(fault).inserted { all.append(fault) }
    }

    /// - Throws: these faults, where there are any.
    package func check() throws(FileFaults) {
        if !isEmpty { throw self }
    }

    /// The first 20, and how many more there are.
    package var description: String {
        var lines = first.map(\.description)
        if count > lines.count { lines.append("and \(count - lines.count) more") }
        return lines.joined(separator: "\n")
    }
}
