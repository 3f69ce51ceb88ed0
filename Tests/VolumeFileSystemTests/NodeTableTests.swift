import Testing
import VolumeModel

@testable import VolumeFileSystem

@Suite("The node table")
struct NodeTableTests {
    private func entry(_ id: Int64, _ kind: EntryKind = .file) -> Entry {
        Entry(
            id: EntryID(id), parent: EntryID(id % 1_000 + 1), name: Array("name-\(id)".utf8),
            kind: kind, size: id * 3, modified: Timestamp(nanoseconds: -id),
            version: VersionToken(bits: UInt64(id) << 20),
            accessClass: AccessClassID(id % 7))
    }

    private func node(_ id: Int64) -> Node {
        Node(NodeNumber(file: EntryID(id), volumeOrdinal: 3))
    }

    @Test func aFilesRowComesBackAsItWas() throws {
        let table = NodeTable()
        let file = entry(12_345)
        try table.retain(file, node: node(12_345), view: 77)
        let (found, view) = try #require(table.entry(node(12_345)))
        #expect(found == file)
        #expect(view == 77)
        try table.retain(file, node: node(12_345), view: 524_287)
        #expect(table.record(node(12_345))?.view == 524_287)
        #expect(table.record(node(12_345))?.parent == file.parent)
        #expect(table.record(node(12_345))?.lookups == 2)
        #expect(table.record(node(1)) == nil)
    }

    @Test func numbersOutOfRangeAreErrors() {
        let table = NodeTable()
        let file = Entry(
            id: EntryID(5), parent: EntryID(1 << 36), name: [], kind: .file, size: 0,
            modified: Timestamp(nanoseconds: 0), version: VersionToken(bits: 0))
        #expect(throws: PerigeeError.self) { try table.retain(file, node: node(5), view: 0) }
    }

    @Test func recordsStayReachableThroughGrowthAndRemoval() throws {
        let table = NodeTable()
        var random = SeededGenerator(seed: 42)
        var model: [Int64: UInt64] = [:]
        for _ in 0..<60_000 {
            let id = Int64.random(in: 1...9_000, using: &random)
            if Int.random(in: 0..<5, using: &random) < 3 {
                try table.retain(entry(id), node: node(id), view: 0)
                model[id, default: 0] += 1
            } else if let count = model[id] {
                let returned = UInt64.random(in: 1...count, using: &random)
                #expect(table.release(node(id), lookups: returned) == (returned == count))
                model[id] = returned == count ? nil : count - returned
            } else {
                #expect(!table.release(node(id), lookups: 1))
            }
        }
        #expect(table.count == model.count)
        #expect(table.lookups == model.values.reduce(0, +))
        for id in Int64(1)...9_000 {
            #expect(table.record(node(id)).map { UInt64($0.lookups) } == model[id])
        }
        for (id, count) in model { _ = table.release(node(id), lookups: count) }
        #expect(table.count == 0)
    }

    @Test func onlyFoldersOfTheViewAreToldOf() throws {
        let table = NodeTable()
        try table.retain(entry(1, .folder), node: node(1), view: 1)
        try table.retain(entry(2, .folder), node: node(2), view: 2)
        try table.retain(entry(3), node: node(3), view: 1)
        #expect(table.folders(of: [1]) == [node(1)])
    }

    @Test func handlesThatWereGivenBackFindNothing() {
        final class Value: Sendable {}
        let table = HandleTable<Value>()
        let first = table.insert(Value())
        #expect(table.remove(first) != nil)
        let second = table.insert(Value())
        #expect(second != first)
        #expect(table.find(first) == nil)
        #expect(table.remove(first) == nil)
        #expect(table.find(second) != nil)
        #expect(table.count == 1)
        #expect(table.removeAll().count == 1)
        #expect(table.find(second) == nil)
    }
}
