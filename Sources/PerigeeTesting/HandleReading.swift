internal import Glibc
package import Origins
package import VolumeModel
package import VolumeService

extension ReadHandle {
    /// Every byte, in pieces of `piece` bytes, each confirmed before it counts.
    package func content(piece: Int = 65_536) async throws -> [UInt8] {
        var content: [UInt8] = []
        while let range = ByteRange(offset: Int64(content.count), count: piece) {
            let bytes = try await read(range)
            if bytes.isEmpty { break }
            content.append(contentsOf: bytes)
        }
        return content
    }

    /// The bytes of a range, confirmed.
    package func read(_ range: ByteRange) async throws -> [UInt8] {
        let bytes = try (await segments(range)).flatMap { try $0.bytes() }
        try confirm()
        return bytes
    }
}

extension Segment {
    /// Its bytes, fewer where the file has become shorter.
    package func bytes() throws -> [UInt8] {
        switch self {
        case .bytes(let bytes): return bytes
        case .file(let descriptor, let offset, let count):
            var bytes = [UInt8](repeating: 0, count: count)
            let got = pread(descriptor, &bytes, count, Int(offset))
            if got < 0 { throw SystemError(errno) }
            return Array(bytes.prefix(got))
        }
    }
}
