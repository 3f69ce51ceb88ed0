package import VolumeModel

/// The instant of a signature, to the second, in the forms that requests write it in.
package struct SigningTime: Hashable, Sendable {
    /// Seconds since 1970-01-01 in UTC.
    package let seconds: Int64
    /// `20130524T000000Z`, as a string to sign has it.
    package let text: String

    /// The day's eight digits.
    package var date: String { String(decoding: text.utf8.prefix(8), as: UTF8.self) }
    /// The instant itself; seconds that 64 bits of nanoseconds do not hold are never read.
    package var timestamp: Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    /// The second that an instant falls into.
    package init(_ timestamp: Timestamp) {
        let whole = Self.seconds(of: timestamp)
        let (day, time) = Timestamp(nanoseconds: whole * 1_000_000_000).dayAndTime
        let rest = Int(time / 1_000_000_000)
        seconds = whole
        text =
            Self.digits(day.year, 4) + Self.digits(day.month, 2) + Self.digits(day.day, 2) + "T"
            + Self.digits(rest / 3_600, 2) + Self.digits(rest / 60 % 60, 2)
            + Self.digits(rest % 60, 2) + "Z"
    }

    /// Reads `20130524T000000Z`; nil for anything else and for days and times that do not exist.
    package init?(basic text: some Collection<UInt8>) {
        let bytes = Array(text)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[4..<6]),
            let day = Self.number(bytes[6..<8]), let hour = Self.number(bytes[9..<11]),
            let minute = Self.number(bytes[11..<13]), let second = Self.number(bytes[13..<15]),
            let seconds = Self.seconds(
                CalendarDay(year: year, month: month, day: day), hour, minute, second)
        else { return nil }
        self.seconds = seconds
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a `Date` field's `Fri, 24 May 2013 00:00:00 GMT` (RFC 9110, IMF-fixdate), or one with
    /// `-0000` or `+0000` for GMT, as mail writes it and botocore too; nil for anything else. The
    /// name of the weekday is not looked at.
    package init?(date text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 29, bytes[3] == UInt8(ascii: ","), bytes[4] == 0x20,
            bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20,
            Self.greenwich.contains(bytes[25...]),
            bytes[19] == UInt8(ascii: ":"), bytes[22] == UInt8(ascii: ":"),
            let day = Self.number(bytes[5..<7]),
            let month = Self.months.firstIndex(where: { bytes[8..<11] == $0 }),
            let year = Self.number(bytes[12..<16]), let hour = Self.number(bytes[17..<19]),
            let minute = Self.number(bytes[20..<22]), let second = Self.number(bytes[23..<25]),
            let seconds = Self.seconds(
                CalendarDay(year: year, month: month + 1, day: day), hour, minute, second)
        else { return nil }
        self.init(Timestamp(nanoseconds: seconds * 1_000_000_000))
    }

    /// The whole seconds before an instant.
    package static func seconds(of timestamp: Timestamp) -> Int64 {
        let seconds = timestamp.nanoseconds / 1_000_000_000
        return timestamp.nanoseconds % 1_000_000_000 < 0 ? seconds - 1 : seconds
    }

    private static let greenwich = [" GMT", " -0000", " +0000"].map { Array($0.utf8)[...] }
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ].map { Array($0.utf8)[...] }

    private static func seconds(
        _ day: CalendarDay?, _ hour: Int, _ minute: Int, _ second: Int
    ) -> Int64? {
        guard let day, hour < 24, minute < 60, second < 60 else { return nil }
        let nanoseconds = Int64(hour * 3_600 + minute * 60 + second) * 1_000_000_000
        // Years whose nanoseconds do not fit are nobody's present.
        guard let timestamp = Timestamp(day, nanoseconds: nanoseconds) else { return nil }
        return seconds(of: timestamp)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private static func digits(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
