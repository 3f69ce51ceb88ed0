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

    // What states take, by number.
    private(set) var kinds: [Kind] = []
    private(set) var bytes: [UInt8] = []
    /// Where a state leads once it has taken its byte; for an empty one, nothing.
    private(set) var targets: [Int32] = []
    /// Edges that take nothing, as lists: the first of each state, and each edge's target and
    /// successor; -1 ends a list.
    private(set) var firstEdges: [Int32] = []
    private(set) var edges: [(target: Int32, next: Int32)] = []
    /// The node of the tree of beginnings that a state belongs to: for a state inside of a step, the
    /// node behind it.
    private var nodes: [Int32] = []
    /// The range of leaves below each node, by state number.
    private var leafRanges: [Range<Int32>] = []
    /// The leaf that ends in a node, or -1, by state number.
    private(set) var leafAt: [Int32] = []

    /// The leaf of each pattern, in the order they were given in.
    package private(set) var leaves: [Int] = []
    /// Number of leaves.
    package private(set) var leafCount = 0
    /// The leaves that match the volume's root, in order.
    package private(set) var rootLeaves: [Int32] = []
    /// For each byte, the number of the class of bytes that no state tells apart.
    package private(set) var byteClasses: [UInt8] = []
    /// Number of these classes, 1 to 256.
    package private(set) var byteClassCount = 1

    /// Number of states.
    package var stateCount: Int { kinds.count }

    /// Puts patterns together.
    package init(_ patterns: [PathPattern]) {
        var builder = Builder()
        builder.add(patterns, to: &self)
        classifyBytes()
    }

    /// The leaves that `state` may still lead to.
    package func reachableLeaves(from state: Int32) -> Range<Int32> {
        leafRanges[Int(nodes[Int(state)])]
    }

    private mutating func classifyBytes() {
        var isOwn = Array(repeating: false, count: 256)
        isOwn[Int(UInt8(ascii: "/"))] = true
        for (kind, byte) in zip(kinds, bytes) where kind == .byte { isOwn[Int(byte)] = true }
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

extension PathPatternSet {
    /// Grows the tree of beginnings.
    private struct Builder {
        /// The nodes behind a literal byte or one of the usual forms, by node and number of these.
        private var plain: [UInt64: Int32] = [:]
        /// The nodes behind anything else, such as a group of alternatives.
        private var fragments: [Fragment: Int32] = [:]
        /// Each node's parent, by order of making; parents stand before children.
        private var made: [(node: Int32, parent: Int32)] = []

        private struct Fragment: Hashable {
            let node: Int32
            let steps: [PathPattern.Step]
        }

        mutating func add(_ patterns: [PathPattern], to set: inout PathPatternSet) {
            let root = node(below: -1, in: &set)
            var ends: [Int32] = []
            ends.reserveCapacity(patterns.count)
            for pattern in patterns { ends.append(add(pattern.steps, to: &set, at: root)) }
            number(ends, patterns, in: &set)
        }

        /// The node that the steps lead to from `root`.
        private mutating func add(
            _ steps: [PathPattern.Step], to set: inout PathPatternSet, at root: Int32
        ) -> Int32 {
            var node = root
            var index = 0
            while index < steps.count {
                switch steps[index] {
                case .match: return node
                case .byte(let byte):
                    node = literal(byte, behind: node, in: &set)
                    index += 1
                default:
                    let end = Self.end(of: index, in: steps)
                    node = fragment(steps[index..<end], behind: node, in: &set)
                    index = end
                }
            }
            return node
        }

        /// The end of the fewest steps from `start` on that lead nowhere but into themselves and to
        /// their end.
        private static func end(of start: Int, in steps: [PathPattern.Step]) -> Int {
            var end = start + 1
            var index = start
            while index < end {
                switch steps[index] {
                case .split(let first, let second): end = max(end, first, second)
                case .jump(let target): end = max(end, target)
                default: break
                }
                index += 1
            }
            return end
        }

        private mutating func node(below parent: Int32, in set: inout PathPatternSet) -> Int32 {
            let state = Self.state(.empty, in: &set)
            set.nodes[Int(state)] = state
            made.append((state, parent))
            return state
        }

        private mutating func literal(
            _ byte: UInt8, behind node: Int32, in set: inout PathPatternSet
        ) -> Int32 {
            let key = UInt64(UInt32(bitPattern: node)) << 16 | UInt64(byte)
            if let known = plain[key] { return known }
            let taking = Self.state(.byte, byte, in: &set)
            let next = self.node(below: node, in: &set)
            set.targets[Int(taking)] = next
            set.nodes[Int(taking)] = next
            Self.connect(node, to: taking, in: &set)
            plain[key] = next
            return next
        }

        private mutating func fragment(
            _ steps: ArraySlice<PathPattern.Step>, behind node: Int32, in set: inout PathPatternSet
        ) -> Int32 {
            let start = steps.startIndex
            let lazily = steps.lazy.map { step -> PathPattern.Step in
                switch step {
                case .split(let first, let second): .split(first - start, second - start)
                case .jump(let target): .jump(target - start)
                default: step
                }
            }
            // Arrays as keys are slow, and most fragments are of few forms.
            let form = Self.forms.firstIndex { $0.elementsEqual(lazily) }
            if let form {
                let key = UInt64(UInt32(bitPattern: node)) << 16 | UInt64(256 + form)
                if let known = plain[key] { return known }
                let next = make(Self.forms[form], behind: node, in: &set)
                plain[key] = next
                return next
            }
            let key = Fragment(node: node, steps: Array(lazily))
            if let known = fragments[key] { return known }
            let next = make(key.steps, behind: node, in: &set)
            fragments[key] = next
            return next
        }

        /// `?`, `*`, and `**` first or between.
        private static let forms: [[PathPattern.Step]] = [
            [.character],
            [.split(1, 3), .inSegment, .jump(0)],
            [.split(1, 5), .inSegment, .split(1, 3), .byte(UInt8(ascii: "/")), .jump(0)],
        ]

        /// Makes the states of steps that stand behind a node, and the node behind them.
        private mutating func make(
            _ relative: [PathPattern.Step], behind node: Int32, in set: inout PathPatternSet
        ) -> Int32 {
            let next = self.node(below: node, in: &set)
            let states = relative.map { step in
                let state =
                    switch step {
                    case .byte(let byte): Self.state(.byte, byte, in: &set)
                    case .character: Self.state(.character, in: &set)
                    case .inSegment: Self.state(.inSegment, in: &set)
                    case .split, .jump, .match: Self.state(.empty, in: &set)
                    }
                set.nodes[Int(state)] = next
                return state
            }
            let target = { (index: Int) in index < states.count ? states[index] : next }
            for (index, step) in relative.enumerated() {
                let state = states[index]
                switch step {
                case .byte, .inSegment: set.targets[Int(state)] = target(index + 1)
                case .character:
                    let rest = Self.state(.continuation, in: &set)
                    set.nodes[Int(rest)] = next
                    set.targets[Int(rest)] = rest
                    set.targets[Int(state)] = rest
                    Self.connect(rest, to: target(index + 1), in: &set)
                case .split(let first, let second):
                    Self.connect(state, to: target(first), in: &set)
                    Self.connect(state, to: target(second), in: &set)
                case .jump(let index): Self.connect(state, to: target(index), in: &set)
                case .match: break
                }
            }
            Self.connect(node, to: states[0], in: &set)
            return next
        }

        private static func state(
            _ kind: Kind, _ byte: UInt8 = 0, in set: inout PathPatternSet
        ) -> Int32 {
            set.kinds.append(kind)
            set.bytes.append(byte)
            set.targets.append(-1)
            set.firstEdges.append(-1)
            set.nodes.append(-1)
            return Int32(set.kinds.count - 1)
        }

        private static func connect(
            _ state: Int32, to target: Int32, in set: inout PathPatternSet
        ) {
            set.edges.append((target, set.firstEdges[Int(state)]))
            set.firstEdges[Int(state)] = Int32(set.edges.count - 1)
        }

        /// Numbers the nodes that patterns end in, a node before what lies below it.
        private func number(
            _ ends: [Int32], _ patterns: [PathPattern], in set: inout PathPatternSet
        ) {
            var isEnd = Array(repeating: false, count: set.stateCount)
            for end in ends { isEnd[Int(end)] = true }
            // Leaves at and below each node: children are made after their parents.
            var counts = Array(repeating: Int32(0), count: set.stateCount)
            for (node, parent) in made.reversed() {
                if isEnd[Int(node)] { counts[Int(node)] += 1 }
                if parent >= 0 { counts[Int(parent)] += counts[Int(node)] }
            }
            set.leafRanges = Array(repeating: 0..<0, count: set.stateCount)
            set.leafAt = Array(repeating: -1, count: set.stateCount)
            // The first number that is free below each node.
            var free = Array(repeating: Int32(0), count: set.stateCount)
            for (node, parent) in made {
                let start = parent >= 0 ? free[Int(parent)] : 0
                let end = start + counts[Int(node)]
                set.leafRanges[Int(node)] = start..<end
                if parent >= 0 { free[Int(parent)] = end }
                free[Int(node)] = start
                if isEnd[Int(node)] {
                    set.leafAt[Int(node)] = start
                    free[Int(node)] += 1
                }
            }
            set.leaves = ends.map { Int(set.leafAt[Int($0)]) }
            set.leafCount = isEnd.count { $0 }
            let roots = zip(patterns, set.leaves).filter { $0.0.matchesRoot }.map { Int32($0.1) }
            set.rootLeaves = Set(roots).sorted()
        }
    }
}
