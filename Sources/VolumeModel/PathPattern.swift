/// A pattern over whole paths: `*` any bytes within one segment, `?` one character, `{a,b}`
/// alternatives, `**` as a segment zero or more whole segments. Everything else stands for itself;
/// a backslash takes the meaning from the character behind it. A segment of a pattern stands for a
/// segment of a path, so that the root, which has none, is matched by `**` alone.
///
/// Compiled to a non-deterministic automaton that is run over all its states at once, so that a
/// match costs at most (bytes of the path) x (length of the pattern), whatever the pattern.
package struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    /// The longest pattern in bytes.
    package static let longest = 4_096

    /// As it was written.
    package let text: String

    enum Step: Hashable, Sendable {
        case byte(UInt8)
        /// One UTF-8 character but `/`.
        case character
        /// Any byte but `/`.
        case inSegment
        case split(Int, Int)
        case jump(Int)
        case match
    }

    let steps: [Step]
    /// Whether it is `**`, which matches the volume's root too.
    package let matchesRoot: Bool

    /// - Throws: `.invalidArgument` for a pattern that is empty or too long, has an empty, `.` or
    ///   `..` segment, a `**` that is not a segment, or unbalanced braces.
    package init(_ text: String) throws(PerigeeError) {
        self.text = text
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= Self.longest, !bytes.contains(0) else {
            throw Self.fault(text, "is empty, has a NUL, or is longer than 4,096 bytes")
        }
        var compiler = Compiler(text: text, bytes: bytes)
        try compiler.compile()
        steps = compiler.steps
        matchesRoot = bytes.split(separator: UInt8(ascii: "/")).allSatisfy {
            $0.elementsEqual("**".utf8)
        }
    }

    /// Whether the whole of `path` matches.
    package func matches(_ path: some Sequence<UInt8>) -> Bool {
        var run = Run(steps)
        var isRoot = true
        for byte in path {
            isRoot = false
            if run.isDead { return false }
            run.take(byte)
        }
        return isRoot ? matchesRoot : run.isMatch
    }

    /// Whether `path`, or a folder above it, matches.
    package func covers(_ path: [UInt8]) -> Bool { coveringPrefix(of: path) != nil }

    /// The length of the shortest of `path` and the folders above it that matches; nil: none does.
    package func coveringPrefix(of path: [UInt8]) -> Int? {
        if matchesRoot { return 0 }
        var run = Run(steps)
        for (index, byte) in path.enumerated() {
            if byte == UInt8(ascii: "/"), index > 0, run.isMatch { return index }
            run.take(byte)
            if run.isDead { return nil }
        }
        return !path.isEmpty && run.isMatch ? path.count : nil
    }

    package var description: String { text }

    /// The automaton on its way over a path.
    private struct Run {
        private let steps: [Step]
        private var current: States
        private var next: States

        init(_ steps: [Step]) {
            self.steps = steps
            current = States(count: steps.count)
            next = States(count: steps.count)
            current.add(0, steps)
        }

        /// Whether no further byte can make it match.
        var isDead: Bool { current.list.isEmpty }

        /// Whether it matches what it has taken.
        var isMatch: Bool { current.list.contains { steps[$0] == .match } }

        mutating func take(_ byte: UInt8) {
            next.clear()
            for index in current.list {
                switch steps[index] {
                case .byte(byte): next.add(index + 1, steps)
                case .inSegment where byte != UInt8(ascii: "/"): next.add(index + 1, steps)
                case .character where byte != UInt8(ascii: "/"):
                    // A continuation byte belongs to the character before.
                    if byte & 0xc0 != 0x80 { next.add(index + 1, steps) }
                default: break
                }
                // Having taken a character, its continuation bytes are free.
                if byte & 0xc0 == 0x80, index > 0, steps[index - 1] == .character {
                    next.add(index, steps)
                }
            }
            swap(&current, &next)
        }
    }

    private struct States {
        var list: [Int] = []
        private var isIn: [Bool]

        init(count: Int) { isIn = Array(repeating: false, count: count) }

        /// Adds a step and those it leads to without a byte.
        mutating func add(_ index: Int, _ steps: [Step]) {
            var stack = [index]
            while let index = stack.popLast() {
                if isIn[index] { continue }
                isIn[index] = true
                list.append(index)
                switch steps[index] {
                case .jump(let target): stack.append(target)
                case .split(let first, let second):
                    stack.append(second)
                    stack.append(first)
                default: break
                }
            }
        }

        mutating func clear() {
            for index in list { isIn[index] = false }
            list.removeAll(keepingCapacity: true)
        }
    }

    fileprivate static func fault(_ text: String, _ what: String) -> PerigeeError {
        PerigeeError(
            .invalidArgument, "the pattern \(Printable.quoted(text)) \(what)",
            remedy: "use *, ?, {a,b} and ** on whole paths, as in jw01288/**/*_i2d.fits")
    }
}

extension PathPattern {
    private struct Compiler {
        let text: String
        let bytes: [UInt8]
        var steps: [Step] = []

        mutating func compile() throws(PerigeeError) {
            let anything = Array("**".utf8)
            var segments = try split()
            // `**` behind `**` says nothing more, and each would ask for a slash of its own.
            for index in segments.indices.dropFirst().reversed()
            where segments[index].elementsEqual(anything)
                && segments[index - 1].elementsEqual(anything)
            {
                segments.remove(at: index)
            }
            for (index, segment) in segments.enumerated() {
                let isLast = index == segments.count - 1
                if segment.elementsEqual(anything) {
                    anySegments(isFirst: index == 0, isLast: isLast)
                } else {
                    // The slash before it, unless a `**` has brought its own.
                    if index > 0, !segments[index - 1].elementsEqual(anything) {
                        steps.append(.byte(UInt8(ascii: "/")))
                    }
                    try alternatives(segment)
                }
            }
            steps.append(.match)
        }

        /// `**` first or between: any number of `segment/`; last: any number of `/segment`.
        private mutating func anySegments(isFirst: Bool, isLast: Bool) {
            if isFirst && isLast {
                // Everything, the root too: nothing, or segments with a slash between them.
                let start = steps.count
                steps.append(.split(start + 1, start + 6))
                steps.append(.inSegment)
                steps.append(.split(start + 1, start + 3))
                steps.append(.split(start + 4, start + 6))
                steps.append(.byte(UInt8(ascii: "/")))
                steps.append(.jump(start + 1))
                return
            }
            let start = steps.count
            if isLast {
                steps.append(.split(start + 1, start + 5))
                steps.append(.byte(UInt8(ascii: "/")))
                steps.append(.inSegment)
                steps.append(.split(start + 2, start + 4))
                steps.append(.jump(start))
            } else {
                if !isFirst { steps.append(.byte(UInt8(ascii: "/"))) }
                let loop = steps.count
                steps.append(.split(loop + 1, loop + 5))
                steps.append(.inSegment)
                steps.append(.split(loop + 1, loop + 3))
                steps.append(.byte(UInt8(ascii: "/")))
                steps.append(.jump(loop))
            }
        }

        /// Segments at slashes that stand outside braces.
        private func split() throws(PerigeeError) -> [ArraySlice<UInt8>] {
            var segments: [ArraySlice<UInt8>] = []
            var start = 0
            var depth = 0
            var index = 0
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\\"): index += 1
                case UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "}"): depth -= 1
                case UInt8(ascii: "/") where depth == 0:
                    segments.append(bytes[start..<index])
                    start = index + 1
                default: break
                }
                if depth < 0 { throw PathPattern.fault(text, "has an unbalanced brace") }
                index += 1
            }
            guard depth == 0 else { throw PathPattern.fault(text, "has an unbalanced brace") }
            segments.append(bytes[start...])
            for segment in segments {
                let isDots = segment.elementsEqual([0x2e]) || segment.elementsEqual([0x2e, 0x2e])
                guard !segment.isEmpty, !isDots else {
                    throw PathPattern.fault(text, "has an empty, `.` or `..` segment")
                }
            }
            return segments
        }

        /// One segment: literals, `*`, `?`, and groups of alternatives, which may nest.
        private mutating func alternatives(_ segment: ArraySlice<UInt8>) throws(PerigeeError) {
            // For each open group: the split that chooses, and the jumps that leave.
            var groups: [(choice: Int, exits: [Int])] = []
            var index = segment.startIndex
            while index < segment.endIndex {
                let byte = segment[index]
                switch byte {
                case UInt8(ascii: "\\"):
                    guard index + 1 < segment.endIndex else {
                        throw PathPattern.fault(text, "ends in a backslash")
                    }
                    index += 1
                    steps.append(.byte(segment[index]))
                case UInt8(ascii: "*"):
                    if index + 1 < segment.endIndex, segment[index + 1] == byte {
                        throw PathPattern.fault(text, "has a `**` that is not a whole segment")
                    }
                    let start = steps.count
                    steps.append(.split(start + 1, start + 3))
                    steps.append(.inSegment)
                    steps.append(.jump(start))
                case UInt8(ascii: "?"):
                    steps.append(.character)
                case UInt8(ascii: "{"):
                    guard groups.count < 16 else {
                        throw PathPattern.fault(text, "nests braces more than 16 deep")
                    }
                    groups.append((steps.count, []))
                    steps.append(.split(steps.count + 1, steps.count + 1))
                case UInt8(ascii: ",") where !groups.isEmpty:
                    leaveGroup(&groups)
                    let choice = steps.count
                    steps.append(.split(choice + 1, choice + 1))
                    aim(groups[groups.count - 1].choice, at: choice)
                    groups[groups.count - 1].choice = choice
                case UInt8(ascii: "}"):
                    leaveGroup(&groups)
                    let group = groups.removeLast()
                    // The last alternative has no other.
                    steps[group.choice] = .jump(group.choice + 1)
                    for exit in group.exits { steps[exit] = .jump(steps.count) }
                case UInt8(ascii: "/"):
                    throw PathPattern.fault(text, "has a slash inside braces")
                default:
                    steps.append(.byte(byte))
                }
                index += 1
            }
        }

        private mutating func leaveGroup(_ groups: inout [(choice: Int, exits: [Int])]) {
            groups[groups.count - 1].exits.append(steps.count)
            steps.append(.jump(steps.count + 1))
        }

        private mutating func aim(_ choice: Int, at second: Int) {
            if case .split(let first, _) = steps[choice] { steps[choice] = .split(first, second) }
        }
    }
}
