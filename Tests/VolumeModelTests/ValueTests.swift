import Crypto
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Values")
struct ValueTests {
    @Test("An ETag is the digest in hexadecimal, and else never 32 digits")
    func etags() throws {
        let md5 = try #require(ContentDigest(.md5, [UInt8](repeating: 0xab, count: 16)))
        #expect(ETag(md5).text == String(repeating: "ab", count: 16))
        let sha256 = try #require(ContentDigest(.sha256, [UInt8](repeating: 1, count: 32)))
        #expect(ETag(sha256).text == String(repeating: "01", count: 32))
        #expect(ContentDigest(.md5, [UInt8](repeating: 1, count: 32)) == nil)
        #expect(ContentDigest(.sha256, []) == nil)
        var random = SeededRandom(announcing: "ETags")
        for size: Int64 in [0, 1, 0xffff, 1 << 60, (1 << 59) - 1, .max] {
            for bits: UInt64 in [0, 1, .max, random.next()] {
                let tag = ETag(version: VersionToken(bits: bits), size: size).text
                let isHexadecimal = tag.allSatisfy(\.isHexDigit)
                #expect(!(tag.count == 32 && isHexadecimal))
                #expect(tag.count >= 18 && tag.count <= 33)
                #expect(tag.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 })
            }
        }
        #expect(
            ETag(version: VersionToken(bits: 0xbeef), size: 5_120).text == "000000000000beef-1400")
    }

    @Test("Node numbers are 63 bits, and no two of ordinal, view and entry share one")
    func nodeNumbers() throws {
        let ordinal = NodeNumber.highestOrdinal
        let pinned = RevisionNumber.highest
        let largest = NodeNumber(folder: .highest, volumeOrdinal: ordinal, pinned: pinned)
        #expect(largest.value >> 63 == 0)
        #expect(largest.value == 4_095 << 51 | 32_766 << 36 | ((1 << 36) - 1))
        var seen: Set<UInt64> = []
        for ordinal in [1, 2, 4_095] {
            for id in [EntryID.root, EntryID(2), .highest] {
                seen.insert(NodeNumber(folder: id, volumeOrdinal: ordinal, pinned: nil).value)
                for revision in [1, 2, 32_766] {
                    seen.insert(
                        NodeNumber(
                            folder: id, volumeOrdinal: ordinal, pinned: RevisionNumber(revision)
                        ).value)
                }
            }
        }
        #expect(seen.count == 3 * 3 * 4)
        // A file's number is that of its version, and entry numbers are given to one thing only.
        #expect(
            NodeNumber(file: EntryID(9), volumeOrdinal: 1)
                == NodeNumber(folder: EntryID(9), volumeOrdinal: 1, pinned: nil))
        #expect(RevisionNumber(32_767) == nil)
        #expect(RevisionNumber(0) == nil)
    }

    @Test(
        "Foreign text cannot move a cursor, break a line or look like another",
        arguments: [
            ("plain", "'plain'"), ("a b", "'a b'"), ("a\nb", "'a\\nb'"), ("a\tb", "'a\\tb'"),
            ("it's", "'it\\'s'"), ("a\\b", "'a\\\\b'"), ("\u{1b}[2J", "'\\x1b[2J'"),
            ("\r", "'\\x0d'"), ("\u{7f}", "'\\x7f'"), ("\u{9b}m", "'\\x9bm'"),
            ("a\u{202e}b", "'a\\u{202e}b'"), ("a\u{200b}b", "'a\\u{200b}b'"),
            ("a\u{2028}b", "'a\\u{2028}b'"), ("\u{feff}a", "'\\u{feff}a'"),
            ("a\u{61c}b", "'a\\u{61c}b'"), ("é😀", "'é😀'"), ("", "''"),
        ])
    func printable(_ text: String, _ shown: String) {
        #expect(Printable.quoted(text) == shown)
    }

    @Test("What is no UTF-8 is shown in hexadecimal, and what is long is cut between characters")
    func printableBytes() {
        #expect(Printable.quoted([0x61, 0xff, 0x0a]) == "'a\\xff\\x0a'")
        #expect(
            Printable.quoted([UInt8](repeating: 0x61, count: 201))
                == "'\(String(repeating: "a", count: 200))…'")
        let long = "a" + String(repeating: "é", count: 150)
        #expect(Printable.quoted(long) == "'a\(String(repeating: "é", count: 99))…'")
    }

    @Test("Hexadecimal is read in both cases and written in one")
    func hexadecimal() {
        #expect(Hex.encode([0, 0x0f, 0xa5, 0xff]) == "000fa5ff")
        #expect(Hex.decode(Array("000FA5ff".utf8)) == [0, 0x0f, 0xa5, 0xff])
        #expect(Hex.decode([]) == [])
        for bad in ["0", "0g", " 00", "0x", "00\n0", "é"] {
            #expect(Hex.decode(Array(bad.utf8)) == nil)
        }
    }

    @Test("A framed hash is SHA-256 over domain, zero and big-endian numbers")
    func framedHash() {
        var hash = FramedHash(domain: "perigee.test")
        hash.update(byte: 7)
        hash.update(UInt64(0x0102_0304_0506_0708))
        hash.update(Int64(-2))
        Array("name".utf8).withUnsafeBytes { hash.update(counted: $0) }
        hash.update(fixed: [0xaa, 0xbb])
        let bytes = hash.finalize()
        let framed: [UInt8] =
            Array("perigee.test".utf8) + [0, 7, 1, 2, 3, 4, 5, 6, 7, 8]
            + [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe] + [0, 0, 0, 4]
            + Array("name".utf8) + [0xaa, 0xbb]
        #expect(bytes == Array(SHA256.hash(data: framed)))
        #expect(
            Hex.encode(bytes)
                == "3367354413f5ec0853c8d8dc17b1e0877f849b250b813ab9e9a3ab4fba74d6ae")
        let first = FramedHash(domain: "perigee.test").finalizePrefix()
        let plain = Array(SHA256.hash(data: Array("perigee.test".utf8) + [0])).prefix(8)
        #expect(first == plain.reduce(0) { $0 << 8 | UInt64($1) })
    }

    @Test(
        "A range is cut at the end of the file",
        arguments: [
            (0, 10, 5, 0, 5), (3, 10, 5, 3, 2), (5, 10, 5, 5, 0), (9, 10, 5, 5, 0),
            (0, 0, 5, 0, 0), (0, 5, 0, 0, 0), (0, Int.max, Int64.max, 0, Int.max),
            (Int64.max, 0, 5, 5, 0), (1, 2, 5, 1, 2),
        ] as [(Int64, Int, Int64, Int64, Int)])
    func ranges(_ offset: Int64, _ count: Int, _ size: Int64, _ start: Int64, _ kept: Int) throws {
        let range = try #require(ByteRange(offset: offset, count: count)).clamped(toSize: size)
        #expect(range.offset == start)
        #expect(range.count == kept)
    }

    @Test("A range with a negative number or an end beyond 2^63 is none")
    func refusedRanges() {
        #expect(ByteRange(offset: -1, count: 1) == nil)
        #expect(ByteRange(offset: 0, count: -1) == nil)
        #expect(ByteRange(offset: 1, count: .max) == nil)
    }

    @Test("File systems of other machines are told by their type's number")
    func fileSystems() throws {
        #expect(FileSystemKind(type: 0x6969).isNetwork)
        #expect(FileSystemKind(type: Int(Int32(bitPattern: 0xff53_4d42))).isNetwork)
        #expect(!FileSystemKind(type: 0xef53).isNetwork)
        #expect(try !FileSystemKind(of: "/proc").isNetwork)
    }
}
