import PerigeeTesting

/// A pattern as a list of parts, matched by plain backtracking over characters.
struct NaivePattern {
    indirect enum Part {
        case literal(Character)
        case any
        case one
        case choice([[Part]])
        /// `**/` where more follows, `/**` at the end, or all of it.
        case folders
        case slash
    }

    private var parts: [Part] = []
    private(set) var text = ""

    init(random: inout SeededRandom) {
        let count = 1 + random.below(4)
        var isBehindFolders = false
        for index in 0..<count {
            if random.once(in: 4) {
                text += index == 0 ? "**" : "/**"
                // Two in a row mean no more than one.
                if !isBehindFolders {
                    if index > 0 { parts.append(.slash) }
                    parts.append(.folders)
                }
                isBehindFolders = true
            } else {
                if index > 0 {
                    text += "/"
                    if !isBehindFolders { parts.append(.slash) }
                }
                let (segment, written) = Self.segment(&random, depth: 0)
                parts += segment
                text += written
                isBehindFolders = false
            }
        }
    }

    private static func segment(_ random: inout SeededRandom, depth: Int) -> ([Part], String) {
        var parts: [Part] = []
        var text = ""
        var wasStar = false
        for _ in 0...random.below(3) {
            switch random.below(depth < 2 ? 7 : 6) {
            case 0 where !wasStar:
                parts.append(.any)
                text += "*"
                wasStar = true
                continue
            case 1, 2:
                parts.append(.one)
                text += "?"
            case 6:
                let choices = (0...random.below(3)).map { _ in
                    random.once(in: 5) ? ([], "") : segment(&random, depth: depth + 1)
                }
                parts.append(.choice(choices.map(\.0)))
                text += "{\(choices.map(\.1).joined(separator: ","))}"
            default:
                let character = random.pick(Array("aabé😀"))
                parts.append(.literal(character))
                text.append(character)
            }
            wasStar = false
        }
        return (parts, text)
    }

    /// A short path over the same characters.
    static func path(_ random: inout SeededRandom) -> String {
        (0...random.below(4)).map { _ in
            String((0...random.below(3)).map { _ in random.pick(Array("aabé😀")) })
        }.joined(separator: "/")
    }

    func matches(_ path: String) -> Bool { Self.matches(parts[...], Array(path)[...]) }

    private static func matches(_ parts: ArraySlice<Part>, _ text: ArraySlice<Character>) -> Bool {
        guard let part = parts.first else { return text.isEmpty }
        let rest = parts.dropFirst()
        switch part {
        case .literal(let character):
            return text.first == character && matches(rest, text.dropFirst())
        case .one:
            return text.first.map { $0 != "/" } == true && matches(rest, text.dropFirst())
        case .any:
            if matches(rest, text) { return true }
            return text.first.map { $0 != "/" } == true && matches(parts, text.dropFirst())
        case .choice(let choices):
            return choices.contains { matches($0 + rest, text) }
        case .slash:
            if text.first == "/", matches(rest, text.dropFirst()) { return true }
            // `a/**` is `a` too.
            if case .folders? = rest.first, rest.count == 1 { return text.isEmpty }
            return false
        case .folders:
            if rest.isEmpty { return true }
            if matches(rest, text) { return true }
            guard let slash = text.firstIndex(of: "/") else { return false }
            return matches(parts, text[(slash + 1)...])
        }
    }
}
