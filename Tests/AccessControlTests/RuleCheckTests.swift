import AccessControl
import Testing
import VolumeModel

@Suite("Rules that never match")
struct RuleCheckTests {
    @Test("A rule that can never do anything says why")
    func reasons() {
        let kind = key("kind")
        let cases: [(AccessRule, embargo: Bool, String?)] = [
            (rule("x", .grant(.read), "anyone"), false, nil),
            (rule("x", .denial(.none), "anyone", when: [.released]), false, nil),
            (rule("x", .grant(.read), "anyone", when: [.embargoed]), true, nil),
            (
                rule("x", .grant(.read), "anyone", when: [.embargoed]), false,
                "asks for embargoed entries, and the volume has no embargo"
            ),
            (
                rule("x", .grant(.read), "anyone", when: [.embargoed, .released]), true,
                "asks for entries that are embargoed and released at once"
            ),
            (
                rule("x", .grant(.read), "anyone", from: "2026-02-01", until: "2026-02-01"), false,
                "has no time in which it holds: it ends at 2026-02-01T00:00:00Z and begins at "
                    + "2026-02-01T00:00:00Z"
            ),
            (rule("x", .grant(.none), "anyone"), false, "grants nothing: its level is none"),
            (rule("x", .denial(.read), "anyone"), false, "denies nothing: its level is read"),
            (
                rule(
                    "x", .grant(.read), "anyone",
                    when: [.attribute(kind, equals: "a"), .attribute(kind, equals: "b")]), false,
                "asks for two values of kind at once: 'a' and 'b'"
            ),
            (
                rule(
                    "x", .grant(.read), "anyone",
                    when: [.attribute(kind, equals: "a"), .attribute(kind, equals: "a")]), false,
                nil
            ),
        ]
        for (rule, embargo, reason) in cases {
            #expect(rule.reasonItNeverMatches(embargo: embargo ? EmbargoPolicy() : nil) == reason)
        }
    }
}
