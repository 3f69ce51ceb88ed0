/// A binary table of fixed-width cells: FITS Standard 4.0, section 7.3.
struct BinaryTable: RowSource {
    struct Column {
        enum Format: String {
            case int16 = "I"
            case int32 = "J"
            case int64 = "K"
            case float = "E"
            case double = "D"

            var bytes: Int {
                switch self {
                case .int16: 2
                case .int32, .float: 4
                case .int64, .double: 8
                }
            }
        }

        enum Values {
            /// From `first`, one step a cell element; exact for 64-bit integers.
            case counter(first: Int64, step: Int64)
            /// Evenly from the first element to the last of the whole column.
            case ramp(from: Double, to: Double)
            case uniform(ClosedRange<Double>)
            case normal(mean: Double, deviation: Double)
        }

        let name: String
        let format: Format
        var unit = ""
        /// Elements in each cell.
        var count = 1
        let values: Values

        /// TFORMn.
        var form: String { count == 1 ? format.rawValue : "\(count)\(format.rawValue)" }
        var bytes: Int { format.bytes * count }
    }

    let columns: [Column]
    let rowCount: Int
    let rowBytes: Int
    private var random: SplitMix64

    init(columns: [Column], rows: Int, random: SplitMix64) {
        self.columns = columns
        rowCount = max(1, rows)
        rowBytes = columns.reduce(0) { $0 + $1.bytes }
        self.random = random
    }

    mutating func fill(_ index: Int, into row: UnsafeMutableRawBufferPointer) {
        var offset = 0
        for column in columns {
            for element in 0..<column.count {
                store(index * column.count + element, of: column, at: offset, in: row)
                offset += column.format.bytes
            }
        }
    }

    /// Stores the `place`th element of a column, counted over all rows, in big-endian order.
    private mutating func store(
        _ place: Int, of column: Column, at offset: Int, in row: UnsafeMutableRawBufferPointer
    ) {
        let whole: Int64
        let real: Double
        switch column.values {
        case .counter(let first, let step):
            whole = first &+ Int64(place) &* step
            real = Double(whole)
        case .ramp(let from, let to):
            real = from + (to - from) * Double(place) / Double(max(1, rowCount * column.count - 1))
            whole = Int64(real)
        case .uniform(let range):
            real = random.uniform(range)
            whole = Int64(real)
        case .normal(let mean, let deviation):
            real = mean + deviation * random.normal()
            whole = Int64(real)
        }
        switch column.format {
        case .int16:
            let number = Int16(truncatingIfNeeded: whole).bigEndian
            row.storeBytes(of: number, toByteOffset: offset, as: Int16.self)
        case .int32:
            let number = Int32(truncatingIfNeeded: whole).bigEndian
            row.storeBytes(of: number, toByteOffset: offset, as: Int32.self)
        case .int64:
            row.storeBytes(of: whole.bigEndian, toByteOffset: offset, as: Int64.self)
        case .float:
            let bits = Float(real).bitPattern.bigEndian
            row.storeBytes(of: bits, toByteOffset: offset, as: UInt32.self)
        case .double:
            row.storeBytes(of: real.bitPattern.bigEndian, toByteOffset: offset, as: UInt64.self)
        }
    }
}
