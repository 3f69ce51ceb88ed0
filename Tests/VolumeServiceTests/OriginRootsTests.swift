import ControlStore
import PerigeeTesting
import Testing
import VolumeModel

@testable import Origins
@testable import VolumeService

@Suite("Origin roots in use")
struct OriginRootsTests {
    @Test("A call on a network root may take as long as the service was told, up or down")
    func deadline() throws {
        try withTemporaryFolder { folder in
            let record = OriginRoot(
                name: try RootName("slow"), origin: .posix(path: folder), files: .replaced,
                locality: .network, fingerprint: .sizeAndModified,
                created: Timestamp(nanoseconds: 0))
            for limit: Duration in [.seconds(2), .seconds(600)] {
                #expect(try OriginRoots(deadline: limit).root(record).deadline == limit)
            }
        }
    }
}
