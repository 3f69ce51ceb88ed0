extension PathPatternSet {
    /// What a step needs beside the states, kept so that it is not made anew for each.
    package struct Workspace: Sendable {
        /// For each state the number of the last closure that has it.
        fileprivate var marks: [UInt32]
        fileprivate var round: UInt32 = 0
        fileprivate var stack: [Int32] = []
        fileprivate var found: [Int32] = []

        /// Makes room for a set's states.
        package init(for set: PathPatternSet) {
            marks = Array(repeating: 0, count: set.stateCount)
        }

        fileprivate mutating func start() {
            found.removeAll(keepingCapacity: true)
            round &+= 1
            if round == 0 {
                for index in marks.indices { marks[index] = 0 }
                round = 1
            }
        }
    }

    /// The states before the first byte of a path.
    package func start(_ workspace: inout Workspace) -> [Int32] {
        guard stateCount > 0 else { return [] }
        workspace.start()
        close(over: 0, &workspace)
        workspace.found.sort()
        return workspace.found
    }

    /// The states behind `byte`.
    package func next(
        _ numbers: [Int32], by byte: UInt8, _ workspace: inout Workspace
    ) -> [Int32] {
        workspace.start()
        let isSlash = byte == UInt8(ascii: "/")
        let isContinuation = byte & 0xc0 == 0x80
        for number in numbers {
            let state = states[Int(number)]
            let takes =
                switch state.kind {
                case .empty: false
                case .byte: state.byte == byte
                case .inSegment: !isSlash
                case .character: !isSlash && !isContinuation
                case .continuation: isContinuation
                }
            if takes { close(over: state.target, &workspace) }
        }
        workspace.found.sort()
        return workspace.found
    }

    /// The leaves that match where these are the states, in order. At the root see `rootLeaves`.
    package func matches(_ states: [Int32]) -> [Int32] {
        states.compactMap { leafAt[Int($0)] >= 0 ? leafAt[Int($0)] : nil }.sorted()
    }

    /// The states that lead to some leaf that is not in `covered`, which is in order.
    package func states(_ states: [Int32], leadingBeyond covered: [Int32]) -> [Int32] {
        guard !covered.isEmpty else { return states }
        return states.filter { state in
            let range = reachableLeaves(from: state)
            let known =
                covered.firstIndex(atOrAbove: range.upperBound)
                - covered.firstIndex(atOrAbove: range.lowerBound)
            return known < range.count
        }
    }

    /// Adds `state` and what it leads to without a byte; only what takes a byte or ends a pattern.
    private func close(over state: Int32, _ workspace: inout Workspace) {
        workspace.stack.append(state)
        while let number = workspace.stack.popLast() {
            guard workspace.marks[Int(number)] != workspace.round else { continue }
            workspace.marks[Int(number)] = workspace.round
            let state = states[Int(number)]
            if state.kind != .empty || leafAt[Int(number)] >= 0 {
                workspace.found.append(number)
            }
            var edge = state.firstEdge
            while edge >= 0 {
                workspace.stack.append(edges[Int(edge)].target)
                edge = edges[Int(edge)].next
            }
        }
    }
}

extension [Int32] {
    /// The index of the first element of a sorted array that is `value` or more.
    package func firstIndex(atOrAbove value: Int32) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
