package import VolumeModel

/// The instant of a signature, to the second, in the forms that requests write it in.
package struct SigningTime: Hashable, Sendable {
    /// Seconds since 1970-01-01 in UTC.
    package let seconds: Int64

    /// `20130524T000000Z`, as a string to sign has it.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
    /// The day's eight digits.
    package var date: String { String(decoding: text.utf8.prefix(8), as: UTF8.self) }
    /// The instant itself; seconds that 64 bits of nanoseconds do not hold are never read.
    package var timestamp: Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    /// The second that an instant falls into.
    package init(_ timestamp: Timestamp) { seconds = timestamp.secondsSinceEpoch }

    /// Appends the text.
    func append(to bytes: inout [UInt8]) {
        let (day, time) = timestamp.dayAndTime
        let rest = Int(time / 1_000_000_000)
        CalendarText.append(day.year, 4, to: &bytes)
        CalendarText.append(day.month, 2, to: &bytes)
        CalendarText.append(day.day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        CalendarText.append(rest / 3_600, 2, to: &bytes)
        CalendarText.append(rest / 60 % 60, 2, to: &bytes)
        CalendarText.append(rest % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads `20130524T000000Z`; nil for anything else and for days and times that do not exist.
    package init?(basic bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        guard bytes.count == 16, bytes[start + 8] == UInt8(ascii: "T"),
            bytes[start + 15] == UInt8(ascii: "Z"),
            let year = CalendarText.number(bytes[start..<(start + 4)]),
            let month = CalendarText.number(bytes[(start + 4)..<(start + 6)]),
            let day = CalendarText.number(bytes[(start + 6)..<(start + 8)]),
            let hour = CalendarText.number(bytes[(start + 9)..<(start + 11)]),
            let minute = CalendarText.number(bytes[(start + 11)..<(start + 13)]),
            let second = CalendarText.number(bytes[(start + 13)..<(start + 15)]),
            let seconds = CalendarText.seconds(
                CalendarDay(year: year, month: month, day: day), hour, minute, second)
        else { return nil }
        self.seconds = seconds
    }

    /// Reads a `Date` field's instant as `CalendarText.parse(fixed:)` does; nil for anything else.
    package init?(date text: String) {
        guard let timestamp = CalendarText.parse(fixed: text) else { return nil }
        self.init(timestamp)
    }
}
