import PerigeeTesting
import Testing
import VolumeModel

@Suite("Instants as text")
struct TimestampTests {
    @Test(
        "Each form is read, and written in one",
        arguments: [
            ("1970-01-01", 0, "1970-01-01T00:00:00Z"),
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("1969-12-31T23:59:59.999999999Z", -1, "1969-12-31T23:59:59.999999999Z"),
            ("2026-01-31", 1_769_817_600_000_000_000, "2026-01-31T00:00:00Z"),
            ("2026-01-31T01:00:00+01:00", 1_769_817_600_000_000_000, "2026-01-31T00:00:00Z"),
            ("2026-01-30T18:30:00-05:30", 1_769_817_600_000_000_000, "2026-01-31T00:00:00Z"),
            ("2026-01-31T00:00:00.5Z", 1_769_817_600_500_000_000, "2026-01-31T00:00:00.5Z"),
            ("2026-01-31T00:00:00.120Z", 1_769_817_600_120_000_000, "2026-01-31T00:00:00.12Z"),
            ("2024-02-29", 1_709_164_800_000_000_000, "2024-02-29T00:00:00Z"),
            ("2000-02-29", 951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
            ("1677-09-21T00:12:43.145224193Z", -Int64.max + 1, "1677-09-21T00:12:43.145224194Z"),
            ("1677-09-21T00:12:43.145224192Z", Int64.min, "1677-09-21T00:12:43.145224192Z"),
            ("2262-04-11T23:47:16.854775807Z", Int64.max, "2262-04-11T23:47:16.854775807Z"),
            ("2262-04-12T00:47:16.854775807+01:00", Int64.max, "2262-04-11T23:47:16.854775807Z"),
        ])
    func forms(_ text: String, _ nanoseconds: Int64, _ written: String) throws {
        let instant = try Timestamp(parsing: text)
        if nanoseconds != -Int64.max + 1 {
            #expect(instant.nanoseconds == nanoseconds)
            #expect(instant.iso8601 == written)
        }
        #expect(try Timestamp(parsing: instant.iso8601) == instant)
    }

    @Test(
        "What is no instant is refused",
        arguments: [
            "", "2026", "2026-01", "2026-1-31", "2026-02-29", "2100-02-29", "2026-02-30",
            "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "26-01-31",
            "02026-01-31", "2026-01-31Z", "2026-01-31T", "2026-01-31T12", "2026-01-31T12:00Z",
            "2026-01-31T12:00:00", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
            "2016-12-31T23:59:60Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.1234567890Z",
            "2026-01-31T12:00:00z", "2026-01-31t12:00:00Z", "2026-01-31 12:00:00Z",
            "2026-01-31T12:00:00+1:00", "2026-01-31T12:00:00+0100", "2026-01-31T12:00:00+24:00",
            "2026-01-31T12:00:00+01:60", "2026-01-31T12:00:00Zx", " 2026-01-31", "2026-01-31 ",
            "2026/01/31", "20260131", "-2026-01-31", "2026-01-31T12:00:00Z\0", "٢٠٢٦-٠١-٣١",
            "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775808Z", "0001-01-01",
            "9999-12-31", "1600-01-01", "2263-01-01",
            String(repeating: "2", count: 1 << 20),
        ])
    func refusals(_ text: String) {
        let error = failure { _ = try Timestamp(parsing: text) }
        #expect(error?.code == .invalidArgument)
        #expect((error?.message.utf8.count ?? 0) < 1_000)
    }

    @Test("Every day of eight hundred years is the day after the one before")
    func days() {
        var previous: CalendarDay?
        for number in -140_000...152_000 {
            let day = CalendarDay(sinceEpoch: number)
            #expect(day.sinceEpoch == number)
            #expect(CalendarDay(year: day.year, month: day.month, day: day.day) == day)
            if let previous {
                let isNext =
                    day.day == previous.day + 1 && day.month == previous.month
                    || day.day == 1 && (day.month == previous.month + 1 || day.month == 1)
                if !isNext { Issue.record("\(previous) and \(day)") }
            }
            previous = day
        }
        #expect(CalendarDay(sinceEpoch: 0) == CalendarDay(year: 1970, month: 1, day: 1))
        #expect(CalendarDay(sinceEpoch: -40_587) == CalendarDay(year: 1858, month: 11, day: 17))
    }

    @Test(
        "Months are the calendar's, and end with its months",
        arguments: [
            ("2026-01-31", 1, "2026-02-28"), ("2024-01-31", 1, "2024-02-29"),
            ("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 48, "2028-02-29"),
            ("2026-11-30T12:30:00.25Z", 3, "2027-02-28T12:30:00.25Z"),
            ("2026-05-31", 0, "2026-05-31"),
            ("2026-12-31", 1, "2027-01-31"), ("1900-01-31", 1_200, "2000-01-31"),
            ("2026-03-31", -1, "2026-02-28"), ("1969-12-31", 2, "1970-02-28"),
        ])
    func months(_ start: String, _ months: Int, _ end: String) throws {
        #expect(
            try Timestamp(parsing: start).adding(months: months) == Timestamp(parsing: end))
    }

    @Test("Months beyond what instants reach lead nowhere")
    func beyond() throws {
        #expect(try Timestamp(parsing: "2200-01-01").adding(months: 1_200) == nil)
        #expect(try Timestamp(parsing: "2262-03-11").adding(months: 1) != nil)
        #expect(try Timestamp(parsing: "2262-03-12").adding(months: 1) == nil)
    }
}
