import PerigeeTesting
import Testing
import VolumeModel

@Suite("Paths")
struct EntryPathTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "What a path cannot be is told",
        arguments: [
            (bytes(""), nil), (bytes("a"), nil), (bytes("a/b"), nil), (bytes("..."), nil),
            (bytes("..a/b.."), nil), (bytes("a b\n'\"\\:*"), nil), (bytes("é/😀"), nil),
            (bytes("/a"), .emptySegment), (bytes("a/"), .emptySegment),
            (bytes("a//b"), .emptySegment), (bytes("/"), .emptySegment),
            (bytes("."), .dotSegment), (bytes("a/./b"), .dotSegment), (bytes("a/.."), .dotSegment),
            ([0x61, 0, 0x62], .nul), ([0xff], .invalidUTF8), ([0x61, 0x2f, 0xc3], .invalidUTF8),
            ([0xed, 0xa0, 0x80], .invalidUTF8), ([0xc0, 0xaf], .invalidUTF8),
            ([UInt8](repeating: 0x61, count: 255), nil),
            ([UInt8](repeating: 0x61, count: 256), .segmentTooLong),
            ([UInt8](repeating: 0x61, count: 1_025), .tooLong),
        ] as [([UInt8], EntryPath.Fault?)])
    func faults(_ bytes: [UInt8], _ fault: EntryPath.Fault?) {
        #expect(EntryPath.fault(in: bytes) == fault)
        let error = failure { _ = try EntryPath(bytes) }
        switch fault {
        case nil: #expect(error == nil)
        case .tooLong, .segmentTooLong: #expect(error?.code == .nameTooLong)
        default: #expect(error?.code == .invalidArgument)
        }
    }

    @Test("A path of 1,024 bytes is one, and cannot be appended to")
    func longest() throws {
        let segment = String(repeating: "a", count: 255)
        let path = try EntryPath([segment, segment, segment, segment].joined(separator: "/") + "/")
        #expect(path.bytes.count == 1_023)
        #expect(failure { _ = try path.appending([0x61]) }?.code == .nameTooLong)
        let full = [segment, segment, segment, String(segment.dropLast())].joined(separator: "/")
        #expect(try EntryPath(full + "/b".prefix(0)).bytes.count == 1_022)
        #expect(try EntryPath(full).appending([0x61]).bytes.count == 1_024)
    }

    @Test("A path gives its segments, its parent and its name")
    func parts() throws {
        let path = try EntryPath("a/b c/é")
        #expect(path.segments.map { Array($0) } == ["a", "b c", "é"].map { Array($0.utf8) })
        let (parent, name) = try #require(path.parentAndName)
        #expect(parent.description == "a/b c")
        #expect(name == Array("é".utf8))
        #expect(try parent.appending(name) == path)
        #expect(EntryPath.root.parentAndName == nil)
        #expect(EntryPath.root.segments.isEmpty)
        #expect(try EntryPath("a").parentAndName?.parent == .root)
    }

    @Test("A name that holds a slash or is empty cannot be appended")
    func appending() throws {
        #expect(failure { _ = try EntryPath.root.appending([]) } == nil)
        #expect(failure { _ = try EntryPath("a").appending([]) }?.code == .invalidArgument)
        #expect(failure { _ = try EntryPath("a").appending(Array("..".utf8)) } != nil)
    }

    @Test("A folder covers itself and what is below it, by whole segments")
    func covers() throws {
        let folder = try EntryPath("a/b")
        #expect(folder.covers(folder))
        #expect(folder.covers(try EntryPath("a/b/c")))
        #expect(!folder.covers(try EntryPath("a/bc")))
        #expect(!folder.covers(try EntryPath("a/b-")))
        #expect(!folder.covers(try EntryPath("a")))
        #expect(EntryPath.root.covers(folder))
        #expect(!folder.covers(.root))
    }
}
