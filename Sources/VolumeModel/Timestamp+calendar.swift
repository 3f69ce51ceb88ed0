/// A day of the Gregorian calendar, in UTC.
package struct CalendarDay: Hashable, Sendable {
    /// The year.
    package let year: Int
    /// The month, 1 to 12.
    package let month: Int
    /// The day of the month, 1 to 31.
    package let day: Int

    /// The day of these numbers, in a year of at most four digits; nil where the calendar has none.
    package init?(year: Int, month: Int, day: Int) {
        guard (0...9_999).contains(year), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day)
        else {
            return nil
        }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that is so many days after 1970-01-01.
    ///
    /// H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
    package init(sinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days after 1970-01-01, by Hinnant's `days_from_civil`.
    package var sinceEpoch: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The same day so many months later, or the last day of a month that is too short for it.
    package func adding(months: Int) -> CalendarDay {
        let total = year * 12 + month - 1 + months
        let newYear = total >= 0 ? total / 12 : (total - 11) / 12
        let newMonth = total - newYear * 12 + 1
        return CalendarDay(
            unchecked: newYear, newMonth, min(day, Self.days(in: newMonth, of: newYear)))
    }

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Timestamp {
    /// The instant so many seconds after 1970-01-01, or the last or first one there is where 64 bits
    /// of nanoseconds do not reach it: a certificate may end in the year 9999.
    package init(secondsSinceEpoch seconds: Int64) {
        let (nanoseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self.init(nanoseconds: overflows ? (seconds < 0 ? .min : .max) : nanoseconds)
    }

    /// Whole seconds since 1970-01-01, towards the past.
    package var secondsSinceEpoch: Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// Nanoseconds of a day; leap seconds are not counted, as POSIX has it.
    package static let nanosecondsOfDay: Int64 = 86_400_000_000_000

    /// The instant so many nanoseconds into a day; nil outside of the years 1677 to 2262, which 64
    /// bits of nanoseconds reach.
    package init?(_ day: CalendarDay, nanoseconds: Int64 = 0) {
        self.init(daysSinceEpoch: day.sinceEpoch, nanoseconds: nanoseconds)
    }

    /// The instant so many days after 1970-01-01 and nanoseconds into the day; nil outside of what
    /// 64 bits reach.
    package init?(daysSinceEpoch days: Int, nanoseconds: Int64) {
        // Counted from the day's other end, lest the first hours that fit overflow on the way.
        let isBefore = days < 0 && nanoseconds > 0
        let (count, overflow) = Int64(isBefore ? days + 1 : days)
            .multipliedReportingOverflow(by: Self.nanosecondsOfDay)
        let rest = isBefore ? nanoseconds - Self.nanosecondsOfDay : nanoseconds
        let (sum, overflows) = count.addingReportingOverflow(rest)
        guard !overflow, !overflows else { return nil }
        self.init(nanoseconds: sum)
    }

    /// The day it falls on, and how far into it in nanoseconds.
    package var dayAndTime: (day: CalendarDay, nanoseconds: Int64) {
        var days = nanoseconds / Self.nanosecondsOfDay
        var rest = nanoseconds % Self.nanosecondsOfDay
        if rest < 0 {
            rest += Self.nanosecondsOfDay
            days -= 1
        }
        return (CalendarDay(sinceEpoch: Int(days)), rest)
    }

    /// The same time of day so many calendar months later, on the month's last day where it has no
    /// such day; nil beyond the year 2262.
    package func adding(months: Int) -> Timestamp? {
        let (day, time) = dayAndTime
        return Timestamp(day.adding(months: months), nanoseconds: time)
    }
}
