internal import CKernel

/// The start of a map file: which object version it belongs to.
///
/// Numbers are little-endian. The layout is written down in OnDiskFormats.
package struct MapHeader: Hashable, Sendable {
    /// The format that this code writes.
    package static let format: UInt32 = 1
    /// Headers are whole multiples of it.
    static let unit = 4_096
    /// Names longer than this make no map: their objects pass by.
    static let maximumLength = 65_536

    /// The version that the blocks are of.
    package let id: CachedObjectID

    /// Why bytes are no header of this format.
    package enum Fault: Error, Hashable, Sendable {
        /// Not a map, cut off, or changed since it was written.
        case damaged
        /// Written by a later version.
        case newer(UInt32)
    }

    private static let magic = Array("PRGBLOCK".utf8)
    private static let fixed = 48

    /// The header of a version's map.
    package init(id: CachedObjectID) { self.id = id }

    /// Bytes that it takes, nil where it would be too long.
    package var length: Int? {
        let count = Self.fixed + id.root.utf8.count + id.key.count + id.version.count
        let whole = (count + Self.unit - 1) / Self.unit * Self.unit
        return whole <= Self.maximumLength ? whole : nil
    }

    /// The header's bytes; nil where it would be too long.
    package func encoded() -> [UInt8]? {
        guard let length else { return nil }
        let parts = [Array(id.root.utf8), id.key, id.version]
        var bytes = Self.magic
        bytes.reserveCapacity(length)
        for number in [
            Self.format, 0, UInt32(length), UInt32(BlockGeometry.blockSize),
        ] {
            Self.append(number, to: &bytes)
        }
        Self.append(UInt64(bitPattern: id.size), to: &bytes)
        for part in parts { Self.append(UInt32(part.count), to: &bytes) }
        Self.append(UInt32(0), to: &bytes)
        for part in parts { bytes += part }
        bytes += [UInt8](repeating: 0, count: length - bytes.count)
        let crc = bytes.withUnsafeBytes { perigee_crc32c(0, $0.baseAddress, $0.count) }
        withUnsafeBytes(of: crc.littleEndian) { bytes.replaceSubrange(12..<16, with: $0) }
        return bytes
    }

    /// How many bytes the header has whose first 48 are `bytes`.
    ///
    /// - Throws: what is wrong with them.
    package static func length(of bytes: [UInt8]) throws(Fault) -> Int {
        guard bytes.count >= fixed, bytes.starts(with: magic) else { throw .damaged }
        let format: UInt32 = number(bytes, 8)
        guard format <= Self.format else { throw .newer(format) }
        let length = Int(number(bytes, 16) as UInt32)
        guard format == Self.format, length >= unit, length <= maximumLength,
            length.isMultiple(of: unit), Int(number(bytes, 20) as UInt32) == BlockGeometry.blockSize
        else { throw .damaged }
        return length
    }

    /// Reads a whole header.
    ///
    /// - Throws: what is wrong with it.
    package init(_ bytes: [UInt8]) throws(Fault) {
        let length = try Self.length(of: bytes)
        guard bytes.count >= length else { throw .damaged }
        var blank = Array(bytes[..<length])
        blank.replaceSubrange(12..<16, with: [0, 0, 0, 0])
        let crc = blank.withUnsafeBytes { perigee_crc32c(0, $0.baseAddress, $0.count) }
        let size = Int64(bitPattern: Self.number(bytes, 24))
        let counts = [32, 36, 40].map { Int(Self.number(bytes, $0) as UInt32) }
        guard crc == Self.number(bytes, 12), size >= 0,
            counts.reduce(Self.fixed, +) <= length
        else { throw .damaged }
        var at = Self.fixed
        var parts: [[UInt8]] = []
        for count in counts {
            parts.append(Array(bytes[at..<at + count]))
            at += count
        }
        id = CachedObjectID(
            root: String(decoding: parts[0], as: UTF8.self), key: parts[1], version: parts[2],
            size: size)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number<Number: FixedWidthInteger>(
        _ bytes: [UInt8], _ offset: Int
    ) -> Number {
        bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
    }
}
