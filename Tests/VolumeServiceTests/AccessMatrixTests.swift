import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Who sees what through the service", .timeLimit(.minutes(10)))
struct AccessMatrixTests {
    @Test(
        "Every question is answered as the naive evaluator does",
        arguments: [ShownEntries.listed, .readable])
    func matrix(showing: ShownEntries) async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld.ofClauses(in: folder)
            let service = try world.service()
            defer { service.stop() }
            let matrix = try AccessMatrix(of: world)
            for principal in AccessWorld.Clause.everybody + [.owner] {
                let driver = AccessServiceDriver(
                    service: service, principal: principal, showing: showing)
                let faults = try await matrix.faults(of: driver)
                #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
            }
        }
    }
}
