/// Data that is made row by row, so that no file is ever wholly in memory.
///
/// Rows must be taken in order from 0. A copy made before the first row gives the same rows again:
/// a checksum that stands before its data is found that way.
protocol RowSource {
    /// Length of each row in bytes.
    var rowBytes: Int { get }
    var rowCount: Int { get }

    /// Fills a buffer of `rowBytes` bytes with the row `index`.
    mutating func fill(_ index: Int, into row: UnsafeMutableRawBufferPointer)
}

extension RowSource {
    /// Length of all rows in bytes.
    var dataBytes: Int { rowBytes * rowCount }
}

/// How a pixel or a number is stored.
enum SampleFormat {
    case unsigned8
    case signed16(isBigEndian: Bool)
    case signed32(isBigEndian: Bool)
    case float32(isBigEndian: Bool)

    var bytes: Int {
        switch self {
        case .unsigned8: 1
        case .signed16: 2
        case .signed32, .float32: 4
        }
    }

    /// BITPIX of FITS Standard 4.0, table 8.
    var bitpix: Int {
        switch self {
        case .float32: -32
        default: bytes * 8
        }
    }

    /// Stores `value`, cut to the format's range, at the `index`th place.
    func store(_ value: Float, at index: Int, in row: UnsafeMutableRawBufferPointer) {
        let offset = index * bytes
        switch self {
        case .unsigned8:
            row[offset] = UInt8(max(0, min(255, value.rounded())))
        case .signed16(let isBigEndian):
            let number = Int16(max(-32_768, min(32_767, value.rounded())))
            row.storeBytes(
                of: isBigEndian ? number.bigEndian : number.littleEndian, toByteOffset: offset,
                as: Int16.self)
        case .signed32(let isBigEndian):
            let number = Int32(max(-1e9, min(1e9, value.rounded())))
            row.storeBytes(
                of: isBigEndian ? number.bigEndian : number.littleEndian, toByteOffset: offset,
                as: Int32.self)
        case .float32(let isBigEndian):
            let bits = value.bitPattern
            row.storeBytes(
                of: isBigEndian ? bits.bigEndian : bits.littleEndian, toByteOffset: offset,
                as: UInt32.self)
        }
    }
}
