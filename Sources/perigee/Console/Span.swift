internal import VolumeModel

/// How long something takes, as a person writes it: `500ms`, `15s`, `2m`, `1h`, `7d`.
enum Span {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Reads a span.
    ///
    /// - Throws: `.invalidArgument` where it is none, or not in `range`.
    static func parse(
        _ text: String, in range: ClosedRange<Duration>
    ) throws(PerigeeError) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let unit = units.first { $0.name == text.dropFirst(digits.count) }
        guard let unit, let count = Int64(digits),
            !count.multipliedReportingOverflow(by: unit.milliseconds).overflow
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no span of time",
                remedy: "write a whole number and its unit: 500ms, 15s, 2m, 1h or 7d")
        }
        let span = Duration.milliseconds(count * unit.milliseconds)
        guard range.contains(span) else {
            throw PerigeeError(
                .invalidArgument, "the span \(text) is out of bounds",
                remedy: "it is \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))")
        }
        return span
    }

    /// The span as `parse` reads it, in the largest unit that says it exactly.
    static func text(_ span: Duration) -> String {
        let milliseconds = Int64(span / .milliseconds(1))
        let unit = units.last { milliseconds % $0.milliseconds == 0 && milliseconds != 0 }
        guard let unit else { return "\(milliseconds)ms" }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}
