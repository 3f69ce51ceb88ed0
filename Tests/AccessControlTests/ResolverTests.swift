import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Attributes of entries")
struct ResolverTests {
    private func row(_ pattern: String, _ name: String, _ value: String, _ line: Int = 0)
        -> AttributeRow
    {
        AttributeRow(
            pattern: known(try PathPattern(pattern)), key: key(name), value: value, line: line)
    }

    @Test("Rows and expressions are about what they match and all below")
    func values() throws {
        let resolver = AttributeResolver(
            AttributeSource(
                expressions: [try PathExpression("jw{id:2}*"), try PathExpression("{id}/{name}")],
                rows: [
                    row("jw01*", "kind", "raw"), row("**/x", "kind", "raw"), row("b", "id", "7"),
                ]))
        #expect(
            try resolver.attributes(of: path("jw01a/f")) == [
                key("id"): "01", key("name"): "f", key("kind"): "raw",
            ])
        #expect(
            try resolver.attributes(of: path("jw01a")) == [key("id"): "01", key("kind"): "raw"])
        #expect(
            try resolver.attributes(of: path("a/b/c")) == [key("id"): "a", key("name"): "b"])
        // What a row says takes the place of what an expression says.
        #expect(try resolver.attributes(of: path("b/b")) == [key("id"): "7", key("name"): "b"])
        #expect(try resolver.attributes(of: path("b")) == [key("id"): "7"])
        #expect(try resolver.attributes(of: path("q")) == [:])
        #expect(try resolver.attributes(of: []) == [:])
    }

    @Test("Rows that contradict one another are a conflict that names path and lines")
    func conflicts() throws {
        let resolver = AttributeResolver(
            AttributeSource(rows: [
                row("a/**", "id", "1", 3), row("**/*.fits", "id", "2", 9),
                row("a/*", "id", "1", 12), row("**", "kind", "x", 14),
            ]))
        #expect(try resolver.attributes(of: path("a/b"))[key("id")] == "1")
        #expect(try resolver.attributes(of: path("b/c.fits"))[key("id")] == "2")
        let error = failure { _ = try resolver.attributes(of: path("a/c.fits")) }
        #expect(error?.code == .conflict)
        #expect(
            error?.message
                == "the attribute table gives 'a/c.fits' two values of id, in lines 3 and 9")
        #expect(try resolver.attributes(of: path("a/b"))[key("id")] == "1")
    }

    @Test("Rows that match nothing are told")
    func unused() throws {
        let rows = [
            row("a", "id", "1", 1), row("b/*.fits", "id", "2", 2), row("**/y", "id", "3", 3),
            row("a", "kind", "4", 4),
        ]
        let resolver = AttributeResolver(AttributeSource(rows: rows))
        #expect(resolver.unused == rows)
        _ = try resolver.attributes(of: path("a/z"))
        #expect(resolver.unused == [rows[1], rows[2]])
        _ = try resolver.attributes(of: path("b/1.fits"))
        #expect(resolver.unused == [rows[2]])
    }

    @Test("Random sources give, in any order of paths, what each row and expression gives alone")
    func reference() throws {
        var access = RandomAccess(SeededRandom(announcing: "attributes"))
        var (conflicts, found) = (0, 0)
        for _ in 0..<400 {
            access.paths = (0..<12).map { _ in access.path() }
            let rows = (0..<access.random.below(8)).map { line in
                AttributeRow(
                    pattern: access.pattern(), key: access.random.pick([key("a"), key("b")]),
                    value: access.random.pick(["1", "2"]), line: line)
            }
            let texts = ["jw{a:1}", "{b}/**", "**/{c:1}b", "{b:1}*/{a}", "**/x.{c}"]
            let source = AttributeSource(
                expressions: try (0..<access.random.below(4)).map { _ in
                    try PathExpression(access.random.pick(texts))
                }, rows: rows)
            let resolver = AttributeResolver(source)
            var paths = access.paths + access.paths
            if access.random.once(in: 2) {
                paths.sort { $0.lexicographicallyPrecedes($1) }
            }
            var used: Set<Int> = []
            for path in paths {
                var expected: [AttributeKey: String] = [:]
                for expression in source.expressions {
                    expected.merge(expression.attributes(of: path) ?? [:]) { first, _ in first }
                }
                let matching = rows.filter { $0.pattern.covers(path) }
                used.formUnion(matching.map(\.line))
                let isConflict = matching.contains { one in
                    matching.contains { $0.key == one.key && $0.value != one.value }
                }
                for row in matching { expected[row.key] = row.value }
                if isConflict {
                    conflicts += 1
                    #expect(failure { _ = try resolver.attributes(of: path) }?.code == .conflict)
                } else {
                    found += expected.isEmpty ? 0 : 1
                    #expect(try resolver.attributes(of: path) == expected)
                }
            }
            #expect(resolver.unused == rows.filter { !used.contains($0.line) })
        }
        #expect(conflicts > 50 && found > 1_000)
    }
}
