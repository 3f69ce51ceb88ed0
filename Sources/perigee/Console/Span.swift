internal import VolumeModel

/// How long something takes, as a person writes it: `500ms`, `15s`, `2m`, `1h`, `7d`, `2w`.
enum Span {
    private static let units: [(name: String, factor: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ("w", 604_800_000),
    ]

    /// Reads a span.
    ///
    /// - Throws: `.invalidArgument` where it is none, or not in `range`.
    static func parse(
        _ text: String, in range: ClosedRange<Duration>
    ) throws(PerigeeError) -> Duration {
        guard let milliseconds = UnitNumber.parse(text, units) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no span of time",
                remedy: "write a whole number and its unit: 500ms, 15s, 2m, 1h, 7d or 2w")
        }
        let span = Duration.milliseconds(milliseconds)
        guard range.contains(span) else {
            throw PerigeeError(
                .invalidArgument, "the span \(text) is out of bounds",
                remedy: "it is \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))")
        }
        return span
    }

    /// The span as `parse` reads it, in the largest unit that says it exactly.
    static func text(_ span: Duration) -> String {
        // Seven days are what people call them, not a week.
        UnitNumber.text(Int64(span / .milliseconds(1)), Array(units.dropLast()))
    }
}
