import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Leaks of the service", .timeLimit(.minutes(30)))
struct AccessLeakHuntTests {
    @Test("Nothing comes out that random rules hide, and all that they show does")
    func hunt() async throws {
        try await AccessHunt.run("leak hunt of the service") { random, folder in
            let hunt = try AccessServiceHunt(random, in: folder)
            defer { hunt.service.stop() }
            try await hunt.run(steps: 600)
            #expect(hunt.faults.isEmpty, "\(hunt.faults.joined(separator: "\n"))")
        }
    }
}
