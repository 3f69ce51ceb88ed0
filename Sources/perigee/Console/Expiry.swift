internal import VolumeModel

/// When something ends, as a person writes it: `90m`, `8h`, `30d`, `2w` from now on, or an instant.
struct Expiry: Hashable {
    /// The instant.
    let instant: Timestamp

    private static let units: [(Character, seconds: Int64)] = [
        ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800),
    ]
    /// A hundred years: what is longer is a slip of the pen, or means never.
    private static let longest: Int64 = 36_500 * 86_400

    /// Reads a span or an instant.
    ///
    /// - Throws: `.invalidArgument` where it is neither, is over already, or is further away than a
    ///   hundred years.
    init(parsing text: String, now: Timestamp = .now) throws(PerigeeError) {
        if let seconds = Self.seconds(text) {
            guard (1...Self.longest).contains(seconds) else {
                throw PerigeeError(
                    .invalidArgument, "\(Printable.quoted(text)) is no span of time to end after",
                    remedy: "give one up to 36500d, or none for no end")
            }
            // To the second, which is what people read.
            let start = now.nanoseconds / 1_000_000_000
            instant = Timestamp(nanoseconds: (start + seconds) * 1_000_000_000)
            return
        }
        guard let instant = try? Timestamp(parsing: text) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no time to end at",
                remedy: "write a span as 90m, 8h, 30d or 2w, a day as 2026-01-31, or an instant as"
                    + " 2026-01-31T12:00:00Z")
        }
        guard instant > now else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is over already",
                remedy: "give an instant to come")
        }
        self.instant = instant
    }

    /// Nil where it is no number with a unit; as many as there can be where they are more.
    private static func seconds(_ text: String) -> Int64? {
        guard let unit = units.first(where: { text.last == $0.0 }) else { return nil }
        let digits = text.dropLast().utf8
        guard !digits.isEmpty,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        guard let count = Int64(text.dropLast()) else { return .max }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit.seconds)
        return overflow ? .max : seconds
    }
}
