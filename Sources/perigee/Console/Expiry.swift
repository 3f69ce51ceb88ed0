internal import VolumeModel

/// When something ends, as a person writes it: `90m`, `8h`, `30d`, `2w` from now on, or an instant.
struct Expiry: Hashable {
    /// The instant.
    let instant: Timestamp

    private static let units: [(name: String, factor: Int64)] = [
        ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800),
    ]
    /// A hundred years: what is longer is a slip of the pen, or means never.
    private static let longest: Int64 = 36_500 * 86_400

    /// Reads a span or an instant.
    ///
    /// - Throws: `.invalidArgument` where it is neither, is over already, or is further away than a
    ///   hundred years.
    init(parsing text: String, now: Timestamp = .now) throws(PerigeeError) {
        if let seconds = UnitNumber.parse(text, Self.units) {
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
}
