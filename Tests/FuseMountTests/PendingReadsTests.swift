import Testing
import VolumeFileSystem

@testable import FuseMount

@Suite("Pages are not dropped while they are read")
struct PendingReadsTests {
    private let node = Node(value: 7)

    @Test("A node that is not being read is dropped at once")
    func idle() {
        let reads = PendingReads()
        #expect(!reads.hold(node))
        reads.begin(node)
        #expect(!reads.end(node))
        #expect(!reads.hold(node))
    }

    @Test("A node is dropped once, when the last of its reads is over")
    func last() {
        let reads = PendingReads()
        reads.begin(node)
        reads.begin(node)
        #expect(reads.hold(node))
        #expect(reads.hold(node))
        #expect(!reads.hold(Node(value: 8)))
        #expect(!reads.end(node))
        #expect(reads.end(node))
        reads.begin(node)
        #expect(!reads.end(node))
    }
}
