import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite(
    "Who sees what through mounts", .serialized, .needsMounts(), .timeLimit(.minutes(10)))
struct AccessMatrixTests {
    @Test("Every question is answered as the naive evaluator does, of all mounts at once")
    func matrix() async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld.ofClauses(in: folder)
            let service = try world.service()
            defer { service.stop() }
            let matrix = try AccessMatrix(of: world)
            var identities = AccessWorld.Clause.everybody.map { MountIdentity(principal: $0) }
            identities.append(
                MountIdentity(principal: AccessWorld.Clause.user, showing: .readable))
            let all = identities
            try await withMounts(of: service, for: all) { mounts in
                for (mounted, identity) in zip(mounts, all) {
                    let driver = AccessMountDriver(mounted, identity)
                    // What was asked once is answered from the kernel's memory the second time.
                    for _ in 0..<2 {
                        let faults = try await matrix.faults(of: driver)
                        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
                    }
                }
            }
        }
    }
}
