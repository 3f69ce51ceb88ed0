/// A moment in UTC without leap seconds, to the millisecond.
struct UTCTime: Equatable {
    /// Milliseconds since 1970-01-01T00:00:00.
    let milliseconds: Int

    init(milliseconds: Int) {
        self.milliseconds = milliseconds
    }

    /// Midnight of a day in the Gregorian calendar.
    init(year: Int, month: Int, day: Int) {
        // Days from civil, H. Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        milliseconds = (era * 146_097 + dayOfEra - 719_468) * 86_400_000
    }

    func adding(seconds: Double) -> UTCTime {
        UTCTime(milliseconds: milliseconds + Int((seconds * 1000).rounded()))
    }

    func adding(days: Double) -> UTCTime {
        adding(seconds: days * 86_400)
    }

    /// Whole seconds since 1970.
    var unixSeconds: Int { milliseconds / 1000 }

    /// Modified Julian Date: days since 1858-11-17.
    var mjd: Double { 40_587 + Double(milliseconds) / 86_400_000 }

    /// `2016-11-26`
    var date: String {
        let day = civil
        return "\(day.year)-\(digits(day.month, 2))-\(digits(day.day, 2))"
    }

    /// `22:50:27.381`
    var time: String { time(separator: ":") + "." + fraction }

    /// `22:50:27`
    var wholeTime: String { time(separator: ":") }

    /// `2016-11-26T22:50:27.381`
    var iso: String { date + "T" + time }

    /// `20161126T225027`, as Euclid and Rosetta name files.
    var compact: String {
        let day = civil
        return "\(day.year)\(digits(day.month, 2))\(digits(day.day, 2))T\(time(separator: ""))"
    }

    /// `20161126`
    var compactDate: String { String(compact.prefix(8)) }

    /// `22.50.27.381`, as CaSSIS names files.
    var dotted: String { time(separator: ".") + "." + fraction }

    private var fraction: String { digits(milliseconds % 1000, 3) }

    private func time(separator: String) -> String {
        let second = milliseconds / 1000 % 86_400
        return [second / 3600, second / 60 % 60, second % 60]
            .map { digits($0, 2) }.joined(separator: separator)
    }

    private var civil: (year: Int, month: Int, day: Int) {
        // Civil from days, the inverse of the above; all dates here are after 1970.
        let shifted = milliseconds / 86_400_000 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }
}
