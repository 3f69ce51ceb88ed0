/// A table of text: time and three components of a magnetic field, a record each second.
struct MagnetometerRows: RowSource {
    /// A time, three numbers with their separators, carriage return and line feed.
    static let recordBytes = 24 + 3 * (2 + componentBytes) + 2
    private static let componentBytes = 10

    static let fields: [PDS4DataObject.Field] =
        [.init(name: "TIME_UTC", type: "ASCII_Date_Time_YMD_UTC", location: 1, length: 24)]
        + zip(0..., ["BX", "BY", "BZ"]).map { place, name in
            .init(
                name: name, type: "ASCII_Real",
                location: 27 + place * (componentBytes + 2), length: componentBytes, unit: "nT")
        }

    let rowCount: Int
    private let start: UTCTime
    private var random: SplitMix64
    private var components = [3.0, -2.0, 5.0]

    init(start: UTCTime, rows: Int, random: SplitMix64) {
        self.start = start
        self.random = random
        rowCount = max(1, rows)
    }

    var rowBytes: Int { Self.recordBytes }

    mutating func fill(_ index: Int, into row: UnsafeMutableRawBufferPointer) {
        var text = start.adding(seconds: Double(index)).iso + "Z"
        for axis in components.indices {
            // A walk that is drawn back to the field of the solar wind.
            components[axis] = components[axis] * 0.999 + random.normal() * 0.05
            text += ", " + padded(decimal(components[axis], places: 4), Self.componentBytes)
        }
        row.copyBytes(from: Array((text + "\r\n").utf8))
    }
}
