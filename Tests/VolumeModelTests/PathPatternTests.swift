import PerigeeTesting
import Testing
import VolumeModel

@Suite("Path patterns")
struct PathPatternTests {
    struct Case: Sendable {
        var pattern: String
        var matching: [String]
        var others: [String]
    }

    @Test(
        "Each form matches what it says",
        arguments: [
            Case(pattern: "a/b", matching: ["a/b"], others: ["a", "a/bb", "a/b/c", "xa/b"]),
            Case(pattern: "*", matching: ["a", "é", "..."], others: ["", "a/b"]),
            Case(pattern: "*.fits", matching: [".fits", "a.fits"], others: ["a.fit", "d/a.fits"]),
            Case(pattern: "a*b*c", matching: ["abc", "a-b-c", "abbcc"], others: ["ab", "a/bc"]),
            Case(pattern: "?", matching: ["a", "é", "😀", "\u{fffd}"], others: ["", "ab", "éé"]),
            Case(pattern: "??", matching: ["éa", "😀é"], others: ["é", "aéa"]),
            Case(pattern: "a?c", matching: ["aéc", "abc"], others: ["ac", "a/c", "aééc"]),
            Case(pattern: "?*?", matching: ["éé", "aéb", "😀b😀"], others: ["é"]),
            Case(
                pattern: "a.{fits,fits.gz,}", matching: ["a.fits", "a.fits.gz", "a."],
                others: ["a", "a.fits."]),
            Case(
                pattern: "{a,b{c,d{e,f}}}x", matching: ["ax", "bcx", "bdex", "bdfx"],
                others: ["bx", "bdx", "abx"]),
            Case(pattern: "{a*,?}", matching: ["abc", "é"], others: ["bc"]),
            Case(pattern: "**", matching: ["", "a", "a/b", "a/b/c"], others: []),
            Case(pattern: "**/a", matching: ["a", "x/a", "x/y/a"], others: ["a/x", "xa", "x/ya"]),
            Case(pattern: "a/**", matching: ["a", "a/b", "a/b/c"], others: ["b", "ab", "b/a"]),
            Case(
                pattern: "a/**/b", matching: ["a/b", "a/x/b", "a/x/y/b"], others: ["ab", "a/xb"]),
            Case(
                pattern: "**/a/**", matching: ["a", "x/a", "a/y", "x/a/y"], others: ["x/ab", "b"]),
            Case(pattern: "**/*", matching: ["a", "a/b"], others: [""]),
            Case(pattern: "{,a}", matching: ["a"], others: ["", "b"]),
            Case(pattern: "**/**", matching: ["", "a", "a/b", "a/b/c"], others: []),
            Case(pattern: "a/**/**/b", matching: ["a/b", "a/x/b"], others: ["a//b", "b"]),
            Case(pattern: "a/**/**", matching: ["a", "a/b", "a/b/c"], others: ["ab"]),
            Case(pattern: "\\*\\?\\{\\}", matching: ["*?{}"], others: ["ab{}"]),
            Case(pattern: "a,b", matching: ["a,b"], others: ["a", "b"]),
            Case(pattern: "\\\\", matching: ["\\"], others: ["\\\\"]),
            Case(pattern: "[a]", matching: ["[a]"], others: ["a"]),
        ])
    func forms(_ form: Case) throws {
        let pattern = try PathPattern(form.pattern)
        for path in form.matching {
            #expect(pattern.matches(path.utf8), "\(form.pattern) and \(path)")
        }
        for path in form.others {
            #expect(!pattern.matches(path.utf8), "\(form.pattern) and \(path)")
        }
        #expect(pattern.description == form.pattern)
    }

    @Test(
        "What is no pattern is refused",
        arguments: [
            "", "a//b", "/a", "a/", ".", "a/../b", "a**", "**a", "a/b**/c", "***", "{a", "a}",
            "a{b,{c}", "}{", "{a/b}", "{**,a}", "a\\", "a\0b",
            String(repeating: "{", count: 17) + String(repeating: "}", count: 17),
            String(repeating: "?", count: 10_000), String(repeating: "*a", count: 5_000),
        ])
    func refusals(_ text: String) {
        #expect(failure { _ = try PathPattern(text) }?.code == .invalidArgument)
    }

    @Test("A pattern covers what lies below what it matches")
    func covers() throws {
        let pattern = try PathPattern("a/*")
        #expect(pattern.covers(Array("a/b".utf8)))
        #expect(pattern.covers(Array("a/b/c/d".utf8)))
        #expect(!pattern.covers(Array("a".utf8)))
    }

    @Test("Random patterns agree with plain backtracking", .timeLimit(.minutes(5)))
    func reference() throws {
        var random = SeededRandom(announcing: "path patterns")
        var matched = 0
        for _ in 0..<4_000 {
            let pattern = NaivePattern(random: &random)
            let compiled = try PathPattern(pattern.text)
            for _ in 0..<8 {
                let path = NaivePattern.path(&random)
                let expected = pattern.matches(path)
                matched += expected ? 1 : 0
                #expect(
                    compiled.matches(path.utf8) == expected, "\(pattern.text) and \(path)")
            }
        }
        // Else the test compares refusals with refusals.
        #expect(matched > 1_000)
    }

    @Test(
        "The worst patterns on the longest paths take bounded time", .timeLimit(.minutes(5)),
        arguments: [
            String(repeating: "*a", count: 2_048), String(repeating: "?", count: 4_096),
            Array(repeating: "**", count: 1_365).joined(separator: "/"),
            Array(repeating: "**/*a", count: 600).joined(separator: "/"),
            String(repeating: "{a,*}", count: 800),
        ])
    func boundedTime(_ text: String) throws {
        let pattern = try PathPattern(text)
        let start = monotonicNanoseconds()
        _ = pattern.matches([UInt8](repeating: 0x61, count: 1_024))
        #expect(monotonicNanoseconds() - start < 20_000_000_000)
    }
}
