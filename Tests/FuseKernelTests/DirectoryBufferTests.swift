import CKernel
import Testing

@testable import FuseKernel

@Suite("Building a listing", .timeLimit(.minutes(1)))
struct DirectoryBufferTests {
    private static func entry(_ node: UInt64) -> FuseEntry {
        FuseEntry(
            node: NodeID(rawValue: node),
            attributes: FuseAttributes(node: NodeID(rawValue: node), size: 513, mode: 0o100444),
            entryTimeout: FuseTimeout(.milliseconds(1500)), attributeTimeout: .seconds(9))
    }

    /// Fills a buffer of `size` bytes over memory that is not zero.
    private func fill(
        _ kind: DirectoryBuffer.Kind, _ names: [String], size: UInt32
    ) -> (bytes: [UInt8], count: Int) {
        var memory = [UInt8](repeating: 0xaa, count: 4096)
        return memory.withUnsafeMutableBytes { memory in
            var buffer = DirectoryBuffer(kind, in: memory, size: size)
            var count = 0
            for var name in names {
                let fits = name.withUTF8 {
                    buffer.append(
                        UnsafeRawBufferPointer($0), DirectoryBufferTests.entry(UInt64(count + 5)),
                        next: UInt64(count + 1))
                }
                guard fits else { break }
                count += 1
            }
            return ([UInt8](buffer.bytes), count)
        }
    }

    @Test(arguments: 1...20)
    func recordsAreAlignedAndPaddedWithZeros(_ length: Int) {
        let name = String(repeating: "x", count: length)
        let (bytes, count) = fill(.plain, [name, name], size: 4096)
        let record = (24 + length + 7) / 8 * 8
        #expect(count == 2 && bytes.count == 2 * record)
        #expect(Array(bytes[24..<24 + length]) == Array(name.utf8))
        #expect(bytes[(24 + length)..<record].allSatisfy { $0 == 0 })
        bytes.withUnsafeBytes { bytes in
            let second = bytes.loadUnaligned(fromByteOffset: record, as: fuse_dirent.self)
            #expect(second.ino == 6 && second.off == 2 && second.type == 8)
            #expect(Int(second.namelen) == length)
        }
    }

    @Test func aPlusRecordCarriesTheEntry() {
        let (bytes, _) = fill(.plus, ["name"], size: 4096)
        #expect(bytes.count == 128 + 24 + 8)
        bytes.withUnsafeBytes { bytes in
            let entry = bytes.loadUnaligned(as: fuse_entry_out.self)
            #expect(entry.nodeid == 5 && entry.attr.ino == 5 && entry.attr.blocks == 2)
            #expect(entry.entry_valid == 1 && entry.entry_valid_nsec == 500_000_000)
            #expect(entry.attr_valid == 9 && entry.attr_valid_nsec == 0)
            let record = bytes.loadUnaligned(fromByteOffset: 128, as: fuse_dirent.self)
            #expect(record.ino == 5 && record.namelen == 4)
        }
    }

    @Test func dotsMakeNoNodeInAPlusListing() {
        var memory = [UInt8](repeating: 0xaa, count: 4096)
        memory.withUnsafeMutableBytes { memory in
            var buffer = DirectoryBuffer(.plus, in: memory, size: 4096)
            #expect(buffer.bytes.isEmpty)
            let added = [UInt8(ascii: ".")].withUnsafeBytes {
                buffer.append($0, inode: .root, mode: 0o040555, next: 1)
            }
            #expect(added)
            let entry = buffer.bytes.loadUnaligned(as: fuse_entry_out.self)
            #expect(entry.nodeid == 0)
            let record = buffer.bytes.loadUnaligned(fromByteOffset: 128, as: fuse_dirent.self)
            #expect(record.ino == 1 && record.type == 4)
            buffer.removeAll()
            #expect(buffer.bytes.isEmpty)
        }
    }

    @Test func aRecordThatFitsExactlyIsTakenAndOneByteLessRefusesIt() {
        // 24 + 8 bytes each.
        let names = ["12345678", "abcdefgh", "ABCDEFGH"]
        #expect(fill(.plain, names, size: 96).count == 3)
        let (bytes, count) = fill(.plain, names, size: 95)
        #expect(count == 2 && bytes.count == 64)
        #expect(fill(.plain, names, size: 31).bytes == [])
        #expect(fill(.plain, names, size: 0).bytes == [])
        #expect(fill(.plus, names, size: 160).count == 1)
        #expect(fill(.plus, names, size: 159).count == 0)
    }

    @Test func theMemoryBoundsTheAnswerToo() {
        var memory = [UInt8](repeating: 0xaa, count: 40)
        memory.withUnsafeMutableBytes { memory in
            var buffer = DirectoryBuffer(.plain, in: memory, size: 1 << 20)
            let name = [UInt8](repeating: 65, count: 16)
            let first = name.withUnsafeBytes {
                buffer.append($0, inode: .root, mode: 0, next: 1)
            }
            let second = name.withUnsafeBytes {
                buffer.append($0, inode: .root, mode: 0, next: 2)
            }
            #expect(first && !second)
        }
    }
}
