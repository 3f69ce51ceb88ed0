import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Path expressions")
struct ExpressionTests {
    @Test(
        "Parts of paths become attributes of all below",
        arguments: [
            ("jw{id:5}*/**", "jw01288001001/x/y.fits", "id=01288"),
            ("jw{id:5}*/**", "jw01288", "id=01288"),
            ("jw{id:5}*/**", "jw0128", nil),
            ("jw{id:5}*", "jw01288abc/deep/below", "id=01288"),
            ("{mission}/{kind}/*.fits", "hst/raw/a.fits", "mission=hst kind=raw"),
            ("{mission}/{kind}/*.fits", "hst/raw/a.fit", nil),
            ("{a}{b}", "xyz", "a=x b=yz"),
            ("{a}_{b}_*", "x_y_z_w", "a=x b=y"),
            ("{a}*", "éclair", "a=é"),
            ("{a:2}{b}", "é😀z", "a=é😀 b=z"),
            ("*{a:2}", "xyz", "a=yz"),
            ("?{a}?", "éabc", "a=ab"),
            ("**/o{a:3}_*", "x/y/oabc_raw/z", "a=abc"),
            ("**/{a:1}/**", "x/y/z", "a=x"),
            ("**/{a}/f", "x/y/f", "a=y"),
            ("d/**/{a:2}.fits", "d/ab.fits", "a=ab"),
            ("d/**/{a:2}.fits", "d/x/y/ab.fits", "a=ab"),
            ("{a}/**/**/f", "x/y/f", "a=x"),
            ("\\{{a}\\}\\*", "{x}*", "a=x"),
            ("{a}\\**", "x*y", "a=x"),
            ("{a},b", "x,b", "a=x"),
            ("{a}", "x", "a=x"),
            ("{a}", "", nil),
            ("{a}.fits", ".fits", nil),
        ] as [(String, String, String?)])
    func captures(_ text: String, _ path: String, _ expected: String?) throws {
        let expression = try PathExpression(text)
        let values = expression.attributes(of: Array(path.utf8))
        let found = values.map { values in
            expression.keys.map { "\($0)=\(values[$0] ?? "nil")" }.joined(separator: " ")
        }
        #expect(found == expected)
        #expect(expression.pattern.covers(Array(path.utf8)) == (expected != nil))
        #expect(expression.description == text)
    }

    @Test("The topmost folder that matches tells")
    func topmost() throws {
        let expression = try PathExpression("**/p{a}")
        #expect(expression.attributes(of: path("x/p1/p2/f")) == [key("a"): "1"])
    }

    @Test("A value with control characters is left out")
    func control() throws {
        let expression = try PathExpression("{a}-{b}")
        #expect(expression.attributes(of: path("x\n-y")) == [key("b"): "y"])
        #expect(expression.attributes(of: path("\u{7f}-y")) == [key("b"): "y"])
    }

    @Test(
        "What is no expression is refused",
        arguments: [
            "", "a", "**", "a/b", "{a", "a}", "{}", "{A}", "{a:}", "{a:0}", "{a:256}", "{a:05}",
            "{a:+5}", "{a:x}", "{a:99999999999999999999}", "{a}/{a}", "{a,b}", "{a/b}", "{{a}}",
            "{a}**", "**{a}", "{a}/", "/{a}", "{a}//b", "{a}/../b", "{a}\\", "{a}\0", "{a}/.",
            (0..<17).map { "{a\($0)}" }.joined(separator: "-"),
            (0..<16).map { "{a\($0):255}" }.joined() + "xxxxxxxxxxxxxxxxxxx",
            "{a}" + String(repeating: "x", count: 4_096),
        ])
    func refusals(_ text: String) {
        let error = failure { _ = try PathExpression(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.remedy != nil)
    }

    @Test("Random expressions match what their patterns match")
    func patterns() throws {
        var random = SeededRandom(announcing: "path expressions")
        var matched = 0
        for _ in 0..<3_000 {
            var keys = 0
            let segments = (0...random.below(3)).map { _ -> String in
                if random.once(in: 4) { return "**" }
                return (0...random.below(3)).map { _ -> String in
                    keys += 1
                    return switch random.below(5) {
                    case 0: "{k\(keys)}"
                    case 1: "{k\(keys):\(1 + random.below(2))}"
                    case 2: "?"
                    case 3: "*"
                    default: random.pick(["a", "b", "é"])
                    }
                }.joined().replacing("**", with: "*").replacing("**", with: "*")
            }
            guard let expression = try? PathExpression(segments.joined(separator: "/")) else {
                continue
            }
            for _ in 0..<10 {
                let text = (0...random.below(3)).map { _ in
                    (0...random.below(3)).map { _ in random.pick(["a", "b", "é", "😀"]) }.joined()
                }.joined(separator: "/")
                let values = expression.attributes(of: Array(text.utf8))
                #expect(
                    (values != nil) == expression.pattern.covers(Array(text.utf8)),
                    "\(expression) \(text)")
                guard let values else { continue }
                matched += 1
                #expect(Set(values.keys) == Set(expression.keys))
                #expect(
                    values.values.allSatisfy {
                        !$0.isEmpty && !$0.contains("/") && text.contains($0)
                    })
            }
        }
        #expect(matched > 1_000)
    }

    @Test(
        "The worst expressions on the longest paths take bounded time", .timeLimit(.minutes(5)),
        arguments: [
            (0..<16).map { "{a\($0)}*" }.joined(),
            (0..<16).map { "**/{a\($0)}" }.joined(separator: "/"),
            (0..<15).map { "{a\($0):255}" }.joined(),
            "{a}" + String(repeating: "*a", count: 2_000),
        ])
    func boundedTime(_ text: String) throws {
        let expression = try PathExpression(text)
        let start = monotonicNanoseconds()
        _ = expression.attributes(of: [UInt8](repeating: 0x61, count: 1_024))
        let folders = Array(repeating: "aaa", count: 255).joined(separator: "/")
        _ = expression.attributes(of: path(folders))
        #expect(monotonicNanoseconds() - start < 60_000_000_000)
    }
}
