extension PathPatternSet {
    /// Grows the tree of beginnings.
    ///
    /// A node is a state that takes nothing, or the byte of the first literal behind it: most nodes
    /// have that behind them and nothing else. What else there is hangs on the node's edges: a state
    /// for each further literal, one for each usual form, and one more that all other fragments hang
    /// on, so that the list of edges stays short and can be looked through.
    struct Builder {
        private(set) var states: [State] = []
        private(set) var edges: [(target: Int32, next: Int32)] = []
        private(set) var leafRanges: [Range<Int32>] = []
        private(set) var leafAt: [Int32] = []
        private(set) var leaves: [Int] = []
        private(set) var leafCount = 0

        /// The nodes behind other fragments, such as groups of alternatives.
        private var fragments: [Fragment: Int32] = [:]
        /// The states that these hang on, by the node before.
        private var hubs: [Int32: Int32] = [:]
        /// Each node's parent, by order of making; parents stand before children.
        private var made: [(node: Int32, parent: Int32)] = []

        private struct Fragment: Hashable {
            let node: Int32
            let steps: [PathPattern.Step]
        }

        /// The most states that room is made for beforehand.
        private static let mostReserved = 1 << 18

        mutating func add(_ patterns: [PathPattern]) {
            let steps = patterns.reduce(0) { $0 + $1.steps.count }
            let room = min(steps, Self.mostReserved)
            states.reserveCapacity(room)
            edges.reserveCapacity(room)
            made.reserveCapacity(room)
            let root = node(below: -1)
            var ends: [Int32] = []
            ends.reserveCapacity(patterns.count)
            for pattern in patterns { ends.append(add(pattern.steps, at: root)) }
            number(ends)
        }

        /// The node that the steps lead to from `root`.
        private mutating func add(_ steps: [PathPattern.Step], at root: Int32) -> Int32 {
            var node = root
            var index = 0
            while index < steps.count {
                switch steps[index] {
                case .match: return node
                case .byte(let byte):
                    node = literal(byte, behind: node)
                    index += 1
                default:
                    let end = Self.end(of: index, in: steps)
                    if let form = Form(steps, index..<end) {
                        node = self.node(of: form, behind: node)
                    } else {
                        node = fragment(steps[index..<end], behind: node)
                    }
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

        private mutating func node(below parent: Int32) -> Int32 {
            let node = Int32(states.count)
            states.append(State(kind: .empty, node: node))
            made.append((node, parent))
            return node
        }

        private mutating func literal(_ byte: UInt8, behind node: Int32) -> Int32 {
            let own = states[Int(node)]
            if own.kind == .byte, own.byte == byte { return own.target }
            var edge = own.firstEdge
            while edge >= 0 {
                let (child, next) = edges[Int(edge)]
                let state = states[Int(child)]
                if state.kind == .byte, state.byte == byte { return state.target }
                edge = next
            }
            let next = self.node(below: node)
            if own.kind == .empty {
                states[Int(node)].kind = .byte
                states[Int(node)].byte = byte
                states[Int(node)].target = next
                states[Int(node)].node = next
            } else {
                connect(node, to: state(.byte, byte, to: next, before: next))
            }
            return next
        }

        /// The node behind one of the usual forms.
        private mutating func node(of form: Form, behind node: Int32) -> Int32 {
            var edge = states[Int(node)].firstEdge
            while edge >= 0 {
                let (child, next) = edges[Int(edge)]
                if states[Int(child)].form == form { return states[Int(child)].node }
                edge = next
            }
            let next = self.node(below: node)
            let slash = UInt8(ascii: "/")
            // States are numbered as they are made.
            let first = Int32(states.count)
            switch form {
            case .character:
                // Having taken the first byte, its continuation bytes are free.
                _ = state(.character, to: first + 1, before: next)
                _ = state(.continuation, to: first + 1, before: next)
                connect(first + 1, to: next)
            case .anyInSegment:
                _ = state(.inSegment, to: first, before: next)
                connect(first, to: next)
            case .anySegments:
                _ = state(.empty, before: next)
                _ = state(.inSegment, to: first + 2, before: next)
                _ = state(.empty, before: next)
                _ = state(.byte, slash, to: first, before: next)
                connect(first, to: first + 1)
                connect(first, to: next)
                connect(first + 2, to: first + 1)
                connect(first + 2, to: first + 3)
            case .anythingBelow:
                _ = state(.empty, before: next)
                _ = state(.byte, slash, to: first + 2, before: next)
                _ = state(.inSegment, to: first + 3, before: next)
                _ = state(.empty, before: next)
                connect(first, to: first + 1)
                connect(first, to: next)
                connect(first + 3, to: first + 2)
                connect(first + 3, to: first)
            }
            states[Int(first)].form = form
            connect(node, to: first)
            return next
        }

        /// The node behind other steps.
        private mutating func fragment(
            _ steps: ArraySlice<PathPattern.Step>, behind node: Int32
        ) -> Int32 {
            let start = steps.startIndex
            let key = Fragment(
                node: node,
                steps: steps.map { step in
                    switch step {
                    case .split(let first, let second): .split(first - start, second - start)
                    case .jump(let target): .jump(target - start)
                    default: step
                    }
                })
            if let known = fragments[key] { return known }
            let next = make(key.steps, on: hub(behind: node), below: node)
            fragments[key] = next
            return next
        }

        private mutating func hub(behind node: Int32) -> Int32 {
            if let known = hubs[node] { return known }
            let hub = state(.empty, before: node)
            connect(node, to: hub)
            hubs[node] = hub
            return hub
        }

        /// Makes the states of steps that hang on a state, and the node behind them.
        private mutating func make(
            _ relative: [PathPattern.Step], on hub: Int32, below node: Int32
        ) -> Int32 {
            let next = self.node(below: node)
            let made = relative.map { step in
                switch step {
                case .byte(let byte): state(.byte, byte, before: next)
                case .character: state(.character, before: next)
                case .inSegment: state(.inSegment, before: next)
                case .split, .jump, .match: state(.empty, before: next)
                }
            }
            let target = { (index: Int) in index < made.count ? made[index] : next }
            for (index, step) in relative.enumerated() {
                let state = made[index]
                switch step {
                case .byte, .inSegment: states[Int(state)].target = target(index + 1)
                case .character:
                    let rest = self.state(.continuation, before: next)
                    states[Int(rest)].target = rest
                    states[Int(state)].target = rest
                    connect(rest, to: target(index + 1))
                case .split(let first, let second):
                    connect(state, to: target(first))
                    connect(state, to: target(second))
                case .jump(let index): connect(state, to: target(index))
                case .match: break
                }
            }
            connect(hub, to: made[0])
            return next
        }

        private mutating func state(
            _ kind: Kind, _ byte: UInt8 = 0, to target: Int32 = -1, before node: Int32
        ) -> Int32 {
            states.append(State(kind: kind, byte: byte, target: target, node: node))
            return Int32(states.count - 1)
        }

        private mutating func connect(_ state: Int32, to target: Int32) {
            edges.append((target, states[Int(state)].firstEdge))
            states[Int(state)].firstEdge = Int32(edges.count - 1)
        }

        /// Numbers the nodes that patterns end in, a node before what lies below it.
        private mutating func number(_ ends: [Int32]) {
            var isEnd = Array(repeating: false, count: states.count)
            for end in ends { isEnd[Int(end)] = true }
            // Leaves at and below each node: children are made after their parents.
            var counts = Array(repeating: Int32(0), count: states.count)
            for (node, parent) in made.reversed() {
                if isEnd[Int(node)] { counts[Int(node)] += 1 }
                if parent >= 0 { counts[Int(parent)] += counts[Int(node)] }
            }
            leafRanges = Array(repeating: 0..<0, count: states.count)
            leafAt = Array(repeating: -1, count: states.count)
            // The first number that is free below each node.
            var free = Array(repeating: Int32(0), count: states.count)
            for (node, parent) in made {
                let start = parent >= 0 ? free[Int(parent)] : 0
                let end = start + counts[Int(node)]
                leafRanges[Int(node)] = start..<end
                if parent >= 0 { free[Int(parent)] = end }
                free[Int(node)] = start
                if isEnd[Int(node)] {
                    leafAt[Int(node)] = start
                    free[Int(node)] += 1
                }
            }
            leaves = ends.map { Int(leafAt[Int($0)]) }
            leafCount = isEnd.count { $0 }
        }
    }
}

extension PathPatternSet.Form {
    /// The form that these steps of a pattern are; nil: none of the usual ones.
    fileprivate init?(_ steps: [PathPattern.Step], _ range: Range<Int>) {
        let start = range.lowerBound
        let slash = PathPattern.Step.byte(UInt8(ascii: "/"))
        switch (steps[start], range.count) {
        case (.character, 1): self = .character
        case (.split(start + 1, start + 3), 3)
        where steps[start + 1] == .inSegment && steps[start + 2] == .jump(start):
            self = .anyInSegment
        case (.split(start + 1, start + 5), 5)
        where steps[start + 1] == .inSegment && steps[start + 2] == .split(start + 1, start + 3)
            && steps[start + 3] == slash && steps[start + 4] == .jump(start):
            self = .anySegments
        case (.split(start + 1, start + 5), 5)
        where steps[start + 1] == slash && steps[start + 2] == .inSegment
            && steps[start + 3] == .split(start + 2, start + 4)
            && steps[start + 4] == .jump(start):
            self = .anythingBelow
        default: return nil
        }
    }
}
