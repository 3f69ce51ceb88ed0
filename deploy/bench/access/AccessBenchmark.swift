internal import AccessControl
internal import Glibc
internal import VolumeModel

/// Measures the access engine by itself: decisions, compiling of views, attributes of many entries.
///
///     swift build -c release --product AccessBenchmark
///     .build/release/AccessBenchmark [decisions] [compilation] [attributes]
///
/// Each figure is the median of some runs with the fastest and slowest behind it, in time of the
/// processor: what else runs on the machine counts less than by the clock on the wall.
@main
struct AccessBenchmark {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        let isWanted = { (word: String) in words.isEmpty || words.contains(word) }
        if isWanted("decisions") { try decisions() }
        if isWanted("compilation") { try compilation() }
        if isWanted("attributes") { try attributes() }
    }

    /// Runs `body` so many times and prints the median time of one of its `count` parts.
    static func measure(
        _ what: String, runs: Int = 9, per count: Int, _ unit: Unit, _ body: () throws -> Void
    ) rethrows {
        var times: [Double] = []
        for _ in 0..<runs {
            let start = processorNanoseconds()
            try body()
            times.append((processorNanoseconds() - start) / Double(count))
        }
        times.sort()
        let text = { (time: Double) in
            let value = Int((time / unit.nanoseconds * 10).rounded())
            return "\(value / 10).\(value % 10)"
        }
        let padding = String(repeating: " ", count: max(1, 62 - what.count))
        print(
            "\(what)\(padding)\(text(times[runs / 2])) \(unit.name)  "
                + "(\(text(times[0])) to \(text(times[runs - 1])))")
        fflush(nil)
    }

    private static func processorNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// What a figure is told in.
    struct Unit {
        let name: String
        let nanoseconds: Double

        static let nanosecond = Unit(name: "ns", nanoseconds: 1)
        static let millisecond = Unit(name: "ms", nanoseconds: 1e6)
        static let second = Unit(name: "s", nanoseconds: 1e9)
    }

    /// Numbers that are the same in every run.
    struct Sequence {
        private var state: UInt64 = 1

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
    }

    // `try!`: literals, of which a wrong one is to stop the benchmark at once.
    static let hst = try! VolumeName("hst")
    static let proposal = try! AttributeKey("proposal_id")
    static let now = try! Timestamp(parsing: "2026-06-01")

    /// A JWST-like path of some 60 bytes.
    static func path(_ sequence: inout Sequence) -> String {
        let number = 10_000 + sequence.below(3_000)
        let visit = 100 + sequence.below(80)
        let kind = ["cal", "i2d", "uncal", "rate", "x1d"][sequence.below(5)]
        return "jw\(number)/L3/visit\(visit)/"
            + "jw\(number)001001_02101_0000\(sequence.below(9))_nrcb1_\(kind).fits"
    }
}
