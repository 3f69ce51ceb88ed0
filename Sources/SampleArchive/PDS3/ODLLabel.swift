/// A PDS3 label in the Object Description Language: PDS Standards Reference 3.8, chapters 5 and 12.
struct ODLLabel {
    enum Value {
        /// An unquoted symbol, date, number or set.
        case literal(String)
        case text(String)
        case integer(Int)
        /// A number and its unit, which stands in angle brackets.
        case quantity(Double, places: Int, unit: String)
        /// What cannot be given: the archive's number for "not applicable".
        case notApplicable

        fileprivate var description: String {
            switch self {
            case .literal(let text): text
            // ODL has no escape for a quotation mark.
            case .text(let text): "\"\(text.map { $0 == "\"" ? "'" : String($0) }.joined())\""
            case .integer(let number): "\(number)"
            case .quantity(let number, let places, let unit):
                "\(decimal(number, places: places)) <\(unit)>"
            case .notApplicable: "-1e+32"
            }
        }
    }

    /// How an image object is described.
    struct Image {
        let size: ImageSize
        /// `MSB_INTEGER`, `UNSIGNED_INTEGER` and so on.
        let sampleType: String
        let sampleBits: Int
    }

    private var lines: [String] = ["PDS_VERSION_ID               = PDS3"]

    mutating func set(_ keyword: String, _ value: Value) {
        let filler = String(repeating: " ", count: max(0, 28 - keyword.utf8.count))
        lines.append("\(keyword)\(filler) = \(value.description)")
    }

    mutating func section(_ title: String) {
        lines.append("")
        lines.append("/* \(title) */")
    }

    mutating func object(_ image: Image) {
        section("DATA OBJECT DEFINITIONS")
        lines += [
            "OBJECT                       = IMAGE",
            "  INTERCHANGE_FORMAT         = BINARY",
            "  LINES                      = \(image.size.height)",
            "  LINE_SAMPLES               = \(image.size.width)",
            "  SAMPLE_TYPE                = \(image.sampleType)",
            "  SAMPLE_BITS                = \(image.sampleBits)",
            "  BANDS                      = 1",
            "  BAND_STORAGE_TYPE          = BAND_SEQUENTIAL",
            "END_OBJECT                   = IMAGE",
        ]
    }

    /// The label with its END; lines end in carriage return and line feed, as PDS3 demands.
    var bytes: [UInt8] {
        Array((lines + ["END", ""]).joined(separator: "\r\n").utf8)
    }

    /// A label for the front of its own file, filled with spaces to whole records.
    ///
    /// `build` is told how many records the label takes, which decides where the data begin; its
    /// length may depend on that number, hence the search.
    static func attached(
        recordBytes: Int, _ build: (_ labelRecords: Int) -> ODLLabel
    ) -> [UInt8] {
        var records = 1
        while true {
            let bytes = build(records).bytes
            let needed = (bytes.count + recordBytes - 1) / recordBytes
            guard needed > records else {
                return bytes
                    + [UInt8](repeating: 0x20, count: records * recordBytes - bytes.count)
            }
            records = needed
        }
    }
}
