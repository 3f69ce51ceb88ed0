import PerigeeTesting
import Testing
import VolumeModel

@Suite("Key order")
struct KeyOrderTests {
    /// Names that differ around the slash: `-` and `.` stand before it, `0` behind.
    private static func name(_ random: inout SeededRandom) -> [UInt8] {
        let alphabet: [UInt8] = [0x01, 0x2d, 0x2e, 0x30, 0x61, 0x62, 0xc3, 0xff]
        return (0...random.below(random.once(in: 4) ? 20 : 3)).map { _ in random.pick(alphabet) }
    }

    private static func key(_ name: [UInt8], _ isFolder: Bool) -> [UInt8] {
        isFolder ? name + [UInt8(ascii: "/")] : name
    }

    @Test("Comparing is comparing the keys' bytes", .timeLimit(.minutes(5)))
    func comparing() {
        var random = SeededRandom(announcing: "key order")
        for _ in 0..<20_000 {
            let left = (name: Self.name(&random), isFolder: random.once(in: 2))
            let right = (name: Self.name(&random), isFolder: random.once(in: 2))
            let order = left.name.withUnsafeBytes { leftBytes in
                right.name.withUnsafeBytes { rightBytes in
                    KeyOrder.compare(
                        leftBytes, isFolder: left.isFolder, rightBytes, isFolder: right.isFolder)
                }
            }
            let leftKey = Self.key(left.name, left.isFolder)
            let rightKey = Self.key(right.name, right.isFolder)
            #expect((order < 0) == leftKey.lexicographicallyPrecedes(rightKey))
            #expect((order == 0) == (leftKey == rightKey))
        }
    }

    @Test(
        "A listing sorts as its keys do, each once, whatever prefix they share",
        .timeLimit(.minutes(5)))
    func sorting() {
        var random = SeededRandom(announcing: "listing order")
        for round in 0..<300 {
            let prefix = [UInt8](repeating: 0x61, count: [0, 1, 9, 200][round % 4])
            var listing = FolderListing()
            for _ in 0..<random.below(60) {
                let name = random.once(in: 10) ? prefix : prefix + Self.name(&random)
                guard !name.isEmpty else { continue }
                listing.add(name, random.once(in: 3) ? .folder : .file)
            }
            let keys = Set(listing.keys).sorted { $0.lexicographicallyPrecedes($1) }
            listing.sort()
            #expect(listing.keys == keys)
        }
    }
}

extension FolderListing {
    fileprivate mutating func add(_ name: [UInt8], _ kind: EntryKind) {
        items.append(
            Item(
                nameOffset: UInt32(names.count), nameCount: UInt16(name.count), kind: kind,
                target: -1, size: 0, modified: 0, changed: 0, inode: 0))
        names += name
    }

    fileprivate var keys: [[UInt8]] {
        items.map { Array(name($0)) + ($0.kind == .folder ? [UInt8(ascii: "/")] : []) }
    }
}
