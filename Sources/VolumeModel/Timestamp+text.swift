extension Timestamp {
    /// Reads `2026-01-31` (midnight in UTC), `2026-01-31T12:00:00Z`, the same with up to nine digits
    /// of a fraction, or with an offset such as `+01:00` in place of the `Z`.
    ///
    /// - Throws: `.invalidArgument` for anything else, for days and times that do not exist, for
    ///   leap seconds, and outside of the years 1677 to 2262.
    package init(parsing text: String) throws(PerigeeError) {
        var text = text
        let value = text.withUTF8 { bytes in
            var reader = InstantReader(bytes: bytes)
            return reader.instant()
        }
        guard let value else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no instant",
                remedy: "write a day as 2026-01-31 or an instant as 2026-01-31T12:00:00Z, in the "
                    + "years 1678 to 2261")
        }
        self = value
    }

    /// `2026-01-31T12:00:00Z`, with as many digits of the second's fraction as are not zero.
    package var iso8601: String {
        let (day, time) = dayAndTime
        let seconds = Int(time / 1_000_000_000)
        var text =
            "\(Self.digits(day.year, 4))-\(Self.digits(day.month, 2))-\(Self.digits(day.day, 2))T"
            + "\(Self.digits(seconds / 3_600, 2)):\(Self.digits(seconds / 60 % 60, 2)):"
            + Self.digits(seconds % 60, 2)
        let fraction = Int(time % 1_000_000_000)
        if fraction > 0 {
            var tail = Self.digits(fraction, 9)
            while tail.last == "0" { tail.removeLast() }
            text += "." + tail
        }
        return text + "Z"
    }

    private static func digits(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

/// Reads an instant from the front of a text to its end.
private struct InstantReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    mutating func instant() -> Timestamp? {
        guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
            let number = number(digits: 2),
            let day = CalendarDay(year: year, month: month, day: number)
        else { return nil }
        if position == bytes.count { return Timestamp(day) }
        guard take("T"), let nanoseconds = timeOfDay(), let offset = offset(),
            position == bytes.count
        else { return nil }
        // Within a day and its neighbours, which may be the one the calendar's range ends with.
        let shifted = nanoseconds - offset * 60_000_000_000
        let days = shifted < 0 ? -1 : shifted >= Timestamp.nanosecondsOfDay ? 1 : 0
        return Timestamp(
            daysSinceEpoch: day.sinceEpoch + days,
            nanoseconds: shifted - Int64(days) * Timestamp.nanosecondsOfDay)
    }

    private mutating func timeOfDay() -> Int64? {
        guard let hours = number(digits: 2), hours < 24, take(":"),
            let minutes = number(digits: 2), minutes < 60, take(":"),
            let seconds = number(digits: 2), seconds < 60
        else { return nil }
        var nanoseconds = Int64(hours * 3_600 + minutes * 60 + seconds) * 1_000_000_000
        if take(".") {
            var scale: Int64 = 100_000_000
            guard let first = digit() else { return nil }
            nanoseconds += Int64(first) * scale
            while let next = digit() {
                scale /= 10
                guard scale > 0 else { return nil }
                nanoseconds += Int64(next) * scale
            }
        }
        return nanoseconds
    }

    /// Minutes that the text's clock is ahead of UTC.
    private mutating func offset() -> Int64? {
        if take("Z") { return 0 }
        let sign: Int64
        if take("+") {
            sign = 1
        } else if take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = number(digits: 2), hours < 24, take(":"),
            let minutes = number(digits: 2), minutes < 60
        else { return nil }
        return sign * Int64(hours * 60 + minutes)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        position += 1
        return Int(bytes[position - 1] - 0x30)
    }

    private mutating func number(digits count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}
