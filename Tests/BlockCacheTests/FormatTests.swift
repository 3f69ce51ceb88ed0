import BlockCache
import CKernel
import PerigeeTesting
import Testing
import VolumeModel

@Suite("The cache's format")
struct FormatTests {
    private static let id = CachedObjectID(
        root: "irsa", key: Array("q1/a.fits".utf8), version: Array("\"e1\"".utf8), size: 131_073)

    @Test("CRC32C is that of RFC 3720, with the processor's instruction and without")
    func crc() {
        let vectors: [([UInt8], UInt32)] = [
            (Array("123456789".utf8), 0xe306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            ([UInt8](0..<32), 0x46dd_794e),
        ]
        for (bytes, crc) in vectors {
            #expect(perigee_crc32c(0, bytes, bytes.count) == crc)
            #expect(perigee_crc32c_by_table(0, bytes, bytes.count) == crc)
        }
        var random = SeededRandom(announcing: "CRC32C")
        for _ in 0..<200 {
            let bytes = random.bytes(random.below(300))
            let cut = random.below(bytes.count + 1)
            let whole = perigee_crc32c(0, bytes, bytes.count)
            let first = perigee_crc32c(0, bytes, cut)
            let both = bytes.withUnsafeBytes {
                perigee_crc32c_by_table(
                    first, $0.baseAddress.map { $0 + cut }, bytes.count - cut)
            }
            #expect(whole == both)
        }
    }

    @Test("Header, record and file name are those that the documentation gives")
    func vectors() throws {
        let header = try #require(MapHeader(id: Self.id).encoded())
        #expect(header.count == 4_096)
        #expect(
            Hex.encode(header[..<65])
                == "505247424c4f434b0100000030c673c70010000000000100010002000000000004000000"
                + "09000000040000000000000069727361" + "71312f612e66697473" + "22653122")
        #expect(header[65...].allSatisfy { $0 == 0 })
        #expect(
            Self.id.fileName == "5547fd9e434bbef4ba62b38f37a421720bcfbbd5aa8ab97d6c341650f4ad88de")
        let record = BlockRecord(flags: [.durable, .pinned], boot: 0, crc: 0xe306_9283)
        #expect(record.rawValue == 0xe306_9283_0000_0005)
    }

    @Test("A header is read back, and any flipped bit in it is found")
    func roundTrip() throws {
        var random = SeededRandom(announcing: "headers")
        for _ in 0..<100 {
            let id = CachedObjectID(
                root: "root-\(random.below(1_000))", key: random.bytes(random.below(5_000)),
                version: random.bytes(random.below(200)),
                size: Int64.random(in: 0...Int64.max, using: &random))
            var bytes = try #require(MapHeader(id: id).encoded())
            #expect(try MapHeader(bytes).id == id)
            bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            #expect(throws: MapHeader.Fault.self) { try MapHeader(bytes) }
        }
        #expect(
            MapHeader(id: objectID(String(repeating: "x", count: 70_000), size: 1)).encoded() == nil
        )
    }

    @Test("A header of a newer format is told from a damaged one")
    func newer() throws {
        var bytes = try #require(MapHeader(id: Self.id).encoded())
        bytes[8] = 2
        #expect(throws: MapHeader.Fault.newer(2)) { try MapHeader(bytes) }
        bytes[0] = 0
        #expect(throws: MapHeader.Fault.damaged) { try MapHeader(bytes) }
    }

    @Test("Names differ where any part of an identity differs, and parts do not run together")
    func names() {
        let ids = [
            CachedObjectID(root: "a", key: [98], version: [], size: 1),
            CachedObjectID(root: "ab", key: [], version: [], size: 1),
            CachedObjectID(root: "a", key: [], version: [98], size: 1),
            CachedObjectID(root: "a", key: [98], version: [], size: 2),
        ]
        #expect(Set(ids.map(\.fileName)).count == 4)
    }

    @Test("Blocks cover an object exactly", arguments: [0, 1, 65_535, 65_536, 65_537, 1 << 40])
    func geometry(size: Int64) {
        let geometry = BlockGeometry(size: size)
        #expect(geometry.blocks(of: 0..<size).count == geometry.count)
        if size > 0 {
            #expect(geometry.bytes(of: geometry.count - 1).upperBound == size)
            #expect(
                geometry.blocks(of: size - 1..<Int64.max) == geometry.count - 1..<geometry.count)
        }
        #expect(geometry.blocks(of: size..<size + 5).isEmpty)
    }
}

@Suite("The cache's limits and turns")
struct LimitTests {
    @Test("The least memory limit of all control groups above counts")
    func controlGroups() {
        let files = [
            "/sys/fs/cgroup/a/b/memory.max": "max\n",
            "/sys/fs/cgroup/a/memory.max": "500000000\n",
            "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "300000000\n",
        ]
        func limit(_ groups: String) -> Int {
            CacheLimits.limit(groups: groups, machine: 8 << 30) { files[$0] }
        }
        #expect(limit("0::/a/b\n") == 500_000_000)
        #expect(limit("5:cpu,memory:/docker/x\n0::/\n") == 300_000_000)
        #expect(limit("4:cpu:/a\n") == 8 << 30)
        #expect(limit("") == 8 << 30)
        #expect(CacheLimits.availableMemory() > 1 << 20)
    }

    @Test("What is waited for goes first, and each group has its turn")
    func turns() {
        var schedule = FillSchedule(slots: 4)
        #expect(schedule.add(1, group: "a", isDemand: false) == [1])
        #expect(schedule.add(2, group: "a", isDemand: false) == [2])
        #expect(schedule.add(3, group: "a", isDemand: false) == [3])
        // The last slot is for those who wait.
        #expect(schedule.add(4, group: "a", isDemand: false) == [])
        #expect(schedule.add(5, group: "a", isDemand: true) == [5])
        for ticket in 10..<20 { _ = schedule.add(UInt64(ticket), group: "a", isDemand: true) }
        #expect(schedule.add(20, group: "b", isDemand: true) == [])
        #expect(schedule.remove(5) == [20])
        #expect(schedule.promote(4) == [])
        #expect(schedule.remove(20) == [4])
        #expect(schedule.remove(11) == [])
        #expect(schedule.remove(1) == [10])
        #expect(schedule.runningCount == 4 && schedule.waitingCount == 8)
    }
}
