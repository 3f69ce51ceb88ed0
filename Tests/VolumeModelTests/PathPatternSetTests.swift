import PerigeeTesting
import Testing
import VolumeModel

@Suite("Sets of path patterns")
struct PathPatternSetTests {
    /// The leaves that match `path`, found byte by byte.
    private func matches(_ set: PathPatternSet, _ path: String) -> [Int32] {
        var workspace = PathPatternSet.Workspace(for: set)
        if path.isEmpty { return set.rootLeaves }
        var states = set.start(&workspace)
        for byte in path.utf8 {
            // A byte does what any other of its class does.
            let alike = (0...255).filter { set.byteClasses[$0] == set.byteClasses[Int(byte)] }
            let other = UInt8(alike[Int(byte) % alike.count])
            let next = set.next(states, by: byte, &workspace)
            #expect(set.next(states, by: other, &workspace) == next)
            states = next
        }
        return set.matches(states)
    }

    @Test("Random sets match what each pattern matches alone", .timeLimit(.minutes(5)))
    func reference() throws {
        var random = SeededRandom(announcing: "pattern sets")
        var matched = 0
        for _ in 0..<400 {
            let patterns = try (0..<random.below(12)).map { _ in
                try PathPattern(NaivePattern(random: &random).text)
            }
            let set = PathPatternSet(patterns)
            #expect(set.leaves.count == patterns.count)
            #expect(Set(set.leaves) == Set(0..<set.leafCount))
            for _ in 0..<10 {
                let path = random.once(in: 8) ? "" : NaivePattern.path(&random)
                let leaves = matches(set, path)
                matched += leaves.count
                for (pattern, leaf) in zip(patterns, set.leaves) {
                    #expect(
                        leaves.contains(Int32(leaf)) == pattern.matches(path.utf8),
                        "\(pattern) and \(path)")
                }
            }
        }
        #expect(matched > 500)
    }

    @Test(
        "Patterns that begin alike match what each matches alone, and states know where they lead")
    func sharedBeginnings() throws {
        var random = SeededRandom(announcing: "pattern beginnings")
        let parts = ["a", "b", "é", "?", "*", "{a,b}", "{b,*é}", "{a,}"]
        for _ in 0..<150 {
            let patterns = (0..<40).compactMap { _ -> PathPattern? in
                let segments = (0..<1 + random.below(3)).map { _ in
                    random.once(in: 4)
                        ? "**" : (0..<1 + random.below(2)).map { _ in random.pick(parts) }.joined()
                }
                return try? PathPattern(segments.joined(separator: "/"))
            }
            let set = PathPatternSet(patterns)
            var workspace = PathPatternSet.Workspace(for: set)
            for _ in 0..<20 {
                let names = (0..<1 + random.below(3)).map { _ in
                    (0..<1 + random.below(2)).map { _ in random.pick(["a", "b", "é"]) }.joined()
                }
                let path = Array(names.joined(separator: "/").utf8)
                // The leaves that every state on the way has led to.
                var states = set.start(&workspace)
                var ahead: [Set<Int32>] = []
                for byte in path {
                    ahead.append(Set(states.flatMap { set.reachableLeaves(from: $0) }))
                    states = set.next(states, by: byte, &workspace)
                }
                let leaves = Set(set.matches(states))
                for (pattern, leaf) in zip(patterns, set.leaves) {
                    #expect(
                        leaves.contains(Int32(leaf)) == pattern.matches(path),
                        "\(pattern) and \(names)")
                }
                #expect(ahead.allSatisfy { $0.isSuperset(of: leaves) }, "\(patterns) \(names)")
            }
        }
    }

    @Test("Patterns share their beginnings, and those that mean the same are one leaf")
    func sharing() throws {
        let many = try (0..<1_000).map { try PathPattern("jw\(10_000 + $0)/**/*_i2d.fits") }
        let set = PathPatternSet(many)
        var workspace = PathPatternSet.Workspace(for: set)
        #expect(set.start(&workspace).count == 1)
        #expect(set.leafCount == 1_000)
        let same = PathPatternSet(
            try ["a/**/**", "a/**", "\\a/**", "b"].map { try PathPattern($0) })
        #expect(same.leaves == [0, 0, 0, 1])
    }

    @Test("States that lead to nothing new are left out")
    func leadingBeyond() throws {
        let set = PathPatternSet(try ["a/**", "a/b", "**/c"].map { try PathPattern($0) })
        var workspace = PathPatternSet.Workspace(for: set)
        let states = set.next(set.start(&workspace), by: UInt8(ascii: "a"), &workspace)
        let all = (0..<3).map { Int32($0) }
        #expect(set.states(states, leadingBeyond: all) == [])
        let left = set.states(states, leadingBeyond: [Int32(set.leaves[0])])
        #expect(!left.isEmpty && left.count < states.count)
        let ahead = left.flatMap { set.reachableLeaves(from: $0) }
        #expect(Set(ahead) == [Int32(set.leaves[1]), Int32(set.leaves[2])])
        #expect(set.states(states, leadingBeyond: []) == states)
    }

    @Test("An empty set matches nothing")
    func empty() {
        let set = PathPatternSet([])
        #expect(matches(set, "a") == [] && matches(set, "") == [])
        #expect(set.leafCount == 0)
    }
}
