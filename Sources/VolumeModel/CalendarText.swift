/// Instants as HTTP and S3 write them, to the second: an object's time in a listing is that of its
/// header.
package enum CalendarText {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `2026-01-31T12:00:00.000Z`, appended: as listings have it.
    package static func append(listing time: Timestamp, to bytes: inout [UInt8]) {
        let (day, rest) = time.dayAndTime
        append(day.year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(day.month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(day.day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(timeOfDay: rest, to: &bytes)
        bytes.append(contentsOf: ".000Z".utf8)
    }

    /// `Sat, 31 Jan 2026 12:00:00 GMT` (RFC 9110, 5.6.7): as headers have it.
    package static func http(_ time: Timestamp) -> String {
        let (day, rest) = time.dayAndTime
        var bytes: [UInt8] = []
        bytes.reserveCapacity(29)
        bytes.append(contentsOf: days[((day.sinceEpoch % 7) + 7) % 7].utf8)
        bytes.append(contentsOf: ", ".utf8)
        append(day.day, 2, to: &bytes)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: months[day.month - 1].utf8)
        bytes.append(UInt8(ascii: " "))
        append(day.year, 4, to: &bytes)
        bytes.append(UInt8(ascii: " "))
        append(timeOfDay: rest, to: &bytes)
        bytes.append(contentsOf: " GMT".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the three forms that HTTP allows (RFC 9110, 5.6.7), or what else clients of S3 send:
    /// an instant such as `2026-01-31T12:00:00Z`. Nil for anything else.
    package static func parse(http text: String) -> Timestamp? {
        if let instant = parse(fixed: text) { return instant }
        let words = text.split { " ,-".contains($0) }
        // Sunday, 06-Nov-94 08:49:37 GMT
        if words.count == 6, words[5] == "GMT" {
            return instant(day: words[1], month: words[2], year: words[3], time: words[4])
        }
        // Sun Nov  6 08:49:37 1994
        if words.count == 5, words[3].contains(":") {
            return instant(day: words[2], month: words[1], year: words[4], time: words[3])
        }
        return try? Timestamp(parsing: text)
    }

    /// Reads `Fri, 24 May 2013 00:00:00 GMT` (RFC 9110, IMF-fixdate), or one with `-0000` or `+0000`
    /// for GMT, as mail writes it and botocore too; nil for anything else. The name of the weekday
    /// is not looked at.
    package static func parse(fixed text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 29, bytes[3] == UInt8(ascii: ","), bytes[4] == 0x20,
            bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20,
            greenwich.contains(bytes[25...]),
            bytes[19] == UInt8(ascii: ":"), bytes[22] == UInt8(ascii: ":"),
            let day = number(bytes[5..<7]),
            let month = months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            let year = number(bytes[12..<16]),
            let hour = number(bytes[17..<19]),
            let minute = number(bytes[20..<22]),
            let second = number(bytes[23..<25]),
            let seconds = seconds(
                CalendarDay(year: year, month: month + 1, day: day), hour, minute, second)
        else { return nil }
        return Timestamp(nanoseconds: seconds * 1_000_000_000)
    }

    private static let greenwich = [" GMT", " -0000", " +0000"].map { Array($0.utf8)[...] }

    private static func instant(
        day: Substring, month: Substring, year: Substring, time: Substring
    ) -> Timestamp? {
        let parts = time.split(separator: ":")
        guard let number = months.firstIndex(of: String(month)), let dayNumber = Int(day),
            var yearNumber = Int(year), parts.count == 3, let hour = Int(parts[0]),
            let minute = Int(parts[1]), let second = Int(parts[2]), (0..<24).contains(hour),
            (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        // A year of two digits is within 50 years of now; the format is of the last century.
        if year.count == 2 { yearNumber += yearNumber < 70 ? 2_000 : 1_900 }
        guard let day = CalendarDay(year: yearNumber, month: number + 1, day: dayNumber) else {
            return nil
        }
        let seconds = Int64(hour * 3_600 + minute * 60 + second)
        return Timestamp(day, nanoseconds: seconds * 1_000_000_000)
    }

    private static func append(timeOfDay nanoseconds: Int64, to bytes: inout [UInt8]) {
        let seconds = Int(nanoseconds / 1_000_000_000)
        append(seconds / 3_600, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds % 60, 2, to: &bytes)
    }

    /// The last `width` digits of a number that is 0 or more.
    package static func append(_ number: Int, _ width: Int, to bytes: inout [UInt8]) {
        if width == 2 {
            // By divisors that are known beforehand, which takes a fraction of the time.
            bytes.append(UInt8(ascii: "0") + UInt8(number / 10 % 10))
            bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
            return
        }
        if width == 4 {
            append(number / 100, 2, to: &bytes)
            append(number % 100, 2, to: &bytes)
            return
        }
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// Seconds since 1970-01-01 in UTC of a time on a day; nil for no day and a time that no day has.
    package static func seconds(
        _ day: CalendarDay?, _ hour: Int, _ minute: Int, _ second: Int
    ) -> Int64? {
        guard let day, hour < 24, minute < 60, second < 60 else { return nil }
        let nanoseconds = Int64(hour * 3_600 + minute * 60 + second) * 1_000_000_000
        // Years whose nanoseconds do not fit are nobody's present.
        guard let timestamp = Timestamp(day, nanoseconds: nanoseconds) else { return nil }
        return timestamp.secondsSinceEpoch
    }

    /// The number that ASCII digits stand for; nil where a byte is none. For fields of a few digits.
    package static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }
}
