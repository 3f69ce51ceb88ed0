/// Many patterns in one non-deterministic automaton.
///
/// Patterns that begin alike share the states of their beginnings: a thousand of `jw{number}/**`
/// start in one state, not in a thousand. Patterns that mean the same by the same steps are one
/// `leaf`. Leaves are numbered in the order of a walk through the tree of beginnings, so that those a
/// state can lead to are a range of numbers.
///
/// A set of states is a sorted array of state numbers. It is held between segments of a path as well
/// as in them; `next` takes it over one byte.
package struct PathPatternSet: Sendable {
    /// What a state takes.
    enum Kind: UInt8, Sendable {
        /// Nothing: it stands for those it leads to.
        case empty
        /// Its byte.
        case byte
        /// Any byte but `/`.
        case inSegment
        /// The first byte of a character other than `/`.
        case character
        /// A further byte of a character; none as well.
        case continuation
    }

    /// One state. Small and all of it in one place, since large sets have some 100,000.
    struct State: Sendable {
        /// What it takes.
        var kind: Kind
        /// The byte that one of kind `byte` takes.
        var byte: UInt8 = 0
        /// The form that begins with it, where that is a usual one.
        var form: Form?
        /// Where it leads once it has taken its byte; -1: it takes nothing.
        var target: Int32 = -1
        /// The first of its edges that take nothing; -1: there are none.
        var firstEdge: Int32 = -1
        /// The node of the tree of beginnings that it leads to, over what it takes.
        var node: Int32
    }

    /// What patterns are mostly made of, beside literal bytes.
    enum Form: UInt8, Sendable {
        /// `?`.
        case character
        /// `*`.
        case anyInSegment
        /// `**` first or between: any number of `segment/`.
        case anySegments
        /// `**` last: any number of `/segment`.
        case anythingBelow
    }

    /// The states, by number.
    let states: [State]
    /// Edges that take nothing, as lists: each edge's target and successor; -1 ends a list.
    let edges: [(target: Int32, next: Int32)]
    /// The range of leaves below each node, by state number.
    private let leafRanges: [Range<Int32>]
    /// The leaf that ends in a node, or -1, by state number.
    let leafAt: [Int32]

    /// The leaf of each pattern, in the order they were given in.
    package let leaves: [Int]
    /// Number of leaves.
    package let leafCount: Int
    /// The leaves that match the volume's root, in order.
    package let rootLeaves: [Int32]
    /// For each byte, the number of the class of bytes that no state tells apart.
    package private(set) var byteClasses: [UInt8] = []
    /// Number of these classes, 1 to 256.
    package private(set) var byteClassCount = 1

    /// Number of states.
    package var stateCount: Int { states.count }

    /// Puts patterns together.
    package init(_ patterns: [PathPattern]) {
        var builder = Builder()
        builder.add(patterns)
        states = builder.states
        edges = builder.edges
        leafRanges = builder.leafRanges
        leafAt = builder.leafAt
        leaves = builder.leaves
        leafCount = builder.leafCount
        let roots = zip(patterns, leaves).filter { $0.0.matchesRoot }.map { Int32($0.1) }
        rootLeaves = Set(roots).sorted()
        classifyBytes()
    }

    /// The leaves that `state` may still lead to.
    package func reachableLeaves(from state: Int32) -> Range<Int32> {
        // A node that a pattern ends in leads there as well.
        leafRanges[Int(leafAt[Int(state)] >= 0 ? state : states[Int(state)].node)]
    }

    private mutating func classifyBytes() {
        var isOwn = Array(repeating: false, count: 256)
        isOwn[Int(UInt8(ascii: "/"))] = true
        for state in states where state.kind == .byte { isOwn[Int(state.byte)] = true }
        byteClasses = Array(repeating: 0, count: 256)
        // Two classes are shared: first bytes of characters, and continuation bytes.
        byteClassCount = 2
        for byte in 0..<256 {
            if isOwn[byte], byteClassCount < 256 {
                byteClasses[byte] = UInt8(byteClassCount)
                byteClassCount += 1
            } else {
                byteClasses[byte] = byte & 0xc0 == 0x80 ? 1 : 0
            }
        }
    }
}
