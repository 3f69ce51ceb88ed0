package import VolumeModel

/// A path pattern with names for parts of it: `jw{proposal_id:5}*/**` says that the five characters
/// behind `jw` of a first folder are the attribute `proposal_id` of everything below it.
///
/// `{key:n}` stands for n characters and `{key}` for one or more, as few as can be, both within one
/// segment; the rest is as in `PathPattern`, alternatives in braces left out. Where a path can be
/// read in several ways, the parts from left to right take as little as can be.
package struct PathExpression: Hashable, Sendable, CustomStringConvertible {
    /// The most parts with a name in one expression.
    package static let mostKeys = 16
    /// The most characters that `{key:n}` can stand for: a segment has no more.
    package static let mostCharacters = 255

    /// As it was written.
    package let text: String
    /// The pattern of the paths that it matches.
    package let pattern: PathPattern
    /// The attributes that it tells, in the order of the text.
    package let keys: [AttributeKey]

    let steps: [Step]

    /// - Throws: `.invalidArgument` that says what is off: braces, a key, a number of characters, a
    ///   key that stands there twice or none at all, and what makes a text no `PathPattern`.
    package init(_ text: String) throws(PerigeeError) {
        self.text = text
        guard text.utf8.count <= PathPattern.longest else {
            throw Self.fault(text, "is longer than 4,096 bytes")
        }
        var compiler = Compiler(text: text)
        try compiler.compile()
        keys = compiler.keys
        steps = compiler.steps
        do {
            pattern = try PathPattern(String(decoding: compiler.pattern, as: UTF8.self))
        } catch {
            throw PerigeeError(
                .invalidArgument,
                "the path expression \(Printable.quoted(text)) is no pattern: \(error.message)",
                remedy: error.remedy)
        }
        guard !keys.isEmpty else { throw Self.fault(text, "names no attribute") }
    }

    /// The values for an entry at `path`, which matches or lies below a folder that does; nil where
    /// neither is so.
    ///
    /// Of several folders that match, the topmost one tells. A value with control characters is
    /// left out, since no attribute has such a value. Takes at most (bytes of the path) x (length of
    /// the expression) steps.
    package func attributes(of path: [UInt8]) -> [AttributeKey: String]? {
        pattern.coveringPrefix(of: path).flatMap { values(of: path[..<$0]) }
    }

    package var description: String { text }

    static func fault(_ text: String, _ what: String) -> PerigeeError {
        PerigeeError(
            .invalidArgument, "the path expression \(Printable.quoted(text)) \(what)",
            remedy: "write a pattern with {key} or {key:5} for parts of it, as in "
                + "jw{proposal_id:5}*/**")
    }
}

extension PathExpression {
    /// Reads an expression into steps, and into the pattern of the same paths.
    private struct Compiler {
        let text: String
        var keys: [AttributeKey] = []
        var steps: [Step] = []
        var pattern: [UInt8] = []

        init(text: String) { self.text = text }

        mutating func compile() throws(PerigeeError) {
            let folders = Array("**".utf8)
            var segments = try split(Array(text.utf8))
            // `**` behind `**` says nothing more.
            for index in segments.indices.dropFirst().reversed()
            where segments[index] == folders && segments[index - 1] == folders {
                segments.remove(at: index)
            }
            for (index, segment) in segments.enumerated() {
                let isFirst = index == 0
                if !isFirst { pattern.append(UInt8(ascii: "/")) }
                if segment == folders {
                    pattern += folders
                    anySegments(isFirst: isFirst, isLast: index == segments.count - 1)
                } else {
                    // The slash before it, unless a `**` has brought its own.
                    if !isFirst, segments[index - 1] != folders {
                        steps.append(.byte(UInt8(ascii: "/")))
                    }
                    try read(segment)
                }
            }
            steps.append(.match)
        }

        /// Segments at slashes that stand outside of braces.
        private func split(_ bytes: [UInt8]) throws(PerigeeError) -> [[UInt8]] {
            var segments: [[UInt8]] = [[]]
            var isEscaped = false
            var isInBraces = false
            for byte in bytes {
                if byte == UInt8(ascii: "/"), !isEscaped, !isInBraces {
                    segments.append([])
                    continue
                }
                if !isEscaped {
                    if byte == UInt8(ascii: "{") { isInBraces = true }
                    if byte == UInt8(ascii: "}") { isInBraces = false }
                }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                segments[segments.count - 1].append(byte)
            }
            if isEscaped { throw PathExpression.fault(text, "ends in a backslash") }
            return segments
        }

        /// `**` first or between: any number of `segment/`; last: any number of `/segment`; the fewer
        /// the better.
        private mutating func anySegments(isFirst: Bool, isLast: Bool) {
            let slash = Step.byte(UInt8(ascii: "/"))
            if !isFirst && !isLast { steps.append(slash) }
            let loop = steps.count
            if isLast {
                steps += [.split(loop + 6, loop + 1), slash, .character, .rest]
                steps += [.split(loop + 5, loop + 2), .jump(loop)]
            } else {
                steps += [.split(loop + 6, loop + 1), .character, .rest]
                steps += [.split(loop + 4, loop + 1), slash, .jump(loop)]
            }
        }

        /// One segment.
        private mutating func read(_ segment: [UInt8]) throws(PerigeeError) {
            let star = UInt8(ascii: "*")
            var index = 0
            while index < segment.count {
                let byte = segment[index]
                switch byte {
                case UInt8(ascii: "\\"):
                    pattern += segment[index...index + 1]
                    index += 1
                    steps.append(.byte(segment[index]))
                case UInt8(ascii: "{"):
                    guard let end = segment[index...].firstIndex(of: UInt8(ascii: "}")) else {
                        throw PathExpression.fault(text, "has an unbalanced brace")
                    }
                    try capture(segment[(index + 1)..<end])
                    index = end
                case UInt8(ascii: "}"):
                    throw PathExpression.fault(text, "has an unbalanced brace")
                case star:
                    if index + 1 < segment.count, segment[index + 1] == star {
                        throw PathExpression.fault(text, "has a `**` that is not a whole segment")
                    }
                    let loop = steps.count
                    steps += [.split(loop + 4, loop + 1), .character, .rest, .jump(loop)]
                    appendStar()
                case UInt8(ascii: "?"):
                    pattern.append(byte)
                    steps += [.character, .rest]
                default:
                    pattern.append(byte)
                    steps.append(.byte(byte))
                }
                index += 1
            }
        }

        /// What stands in braces: `key` or `key:n`.
        private mutating func capture(_ bytes: ArraySlice<UInt8>) throws(PerigeeError) {
            let words = bytes.split(
                separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            let key = try AttributeKey(String(decoding: words[0], as: UTF8.self))
            guard !keys.contains(key) else {
                throw PathExpression.fault(text, "names \(key) twice")
            }
            guard keys.count < PathExpression.mostKeys else {
                throw PathExpression.fault(
                    text, "names more than \(PathExpression.mostKeys) attributes")
            }
            steps.append(.start(keys.count))
            if words.count == 2 {
                let digits = String(decoding: words[1], as: UTF8.self)
                guard let count = Int(digits), String(count) == digits,
                    (1...PathExpression.mostCharacters).contains(count)
                else {
                    throw PathExpression.fault(
                        text,
                        "wants a number of characters that is not 1 to "
                            + "\(PathExpression.mostCharacters) for \(key)")
                }
                for _ in 0..<count { steps += [.character, .rest] }
                pattern += Array(repeating: UInt8(ascii: "?"), count: count)
            } else {
                let loop = steps.count
                steps += [.character, .rest, .split(loop + 3, loop)]
                pattern.append(UInt8(ascii: "?"))
                appendStar()
            }
            steps.append(.end(keys.count))
            keys.append(key)
        }

        /// Adds a `*` to the pattern unless it ends in one, for two of them mean another thing.
        private mutating func appendStar() {
            let star = UInt8(ascii: "*")
            let isEscaped = pattern.reversed().dropFirst().prefix { $0 == 0x5c }.count % 2 == 1
            if pattern.last != star || isEscaped { pattern.append(star) }
        }
    }
}
