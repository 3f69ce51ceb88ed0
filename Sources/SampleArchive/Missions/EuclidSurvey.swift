/// What the Euclid products share: where the survey's fields are, and how names end.
enum EuclidSurvey {
    struct Tile {
        /// Nine digits.
        let number: Int
        /// Centre, ICRS, degrees.
        let rightAscension: Double
        let declination: Double
    }

    static let release = "Q1_R1"

    /// The Euclid Deep Fields North, Fornax and South.
    private static let fields = [
        SkyTarget(name: "EDFN", rightAscension: 269.733, declination: 66.018),
        SkyTarget(name: "EDFF", rightAscension: 52.932, declination: -28.088),
        SkyTarget(name: "EDFS", rightAscension: 61.241, declination: -48.423),
    ]

    /// The `index`th tile of the survey; tiles of one field lie in its neighbourhood.
    static func tile(_ index: Int) -> Tile {
        // Not from the seed: a tile is the same place in every archive.
        var random = SplitMix64(seed: 102_018_211, stream: UInt64(index))
        let centre = fields[index % fields.count].near(2.5, &random)
        return Tile(
            number: 102_018_211 + index * 7, rightAscension: centre.rightAscension,
            declination: centre.declination)
    }

    /// The `index`th field, for exposures, which do not follow the tiles.
    static func field(_ index: Int) -> SkyTarget {
        fields[index % fields.count]
    }

    /// A processing time in the autumn of 2024, in which Q1 was reduced.
    static func processingTime(_ random: inout SplitMix64) -> UTCTime {
        UTCTime(year: 2024, month: 9, day: 20)
            .adding(seconds: Double(random.below(40 * 86_400_000)) / 1000)
    }

    /// `20241025T024806.508980Z`
    static func stamp(_ time: UTCTime, _ random: inout SplitMix64) -> String {
        "\(time.compact).\(microseconds(time, &random))Z"
    }

    /// `2024-11-01T16:05:20.960184Z`: spectra carry colons.
    static func stampWithColons(_ time: UTCTime, _ random: inout SplitMix64) -> String {
        "\(time.date)T\(time.wholeTime).\(microseconds(time, &random))Z"
    }

    private static func microseconds(_ time: UTCTime, _ random: inout SplitMix64) -> String {
        digits(time.milliseconds % 1000 * 1000 + random.below(1000), 6)
    }
}
