import PerigeeTesting
import Testing

@Suite("Leaks of a file system", .timeLimit(.minutes(30)))
struct AccessLeakHuntTests {
    @Test("Nothing comes out of nodes, folders and files from before that rules hide now")
    func hunt() async throws {
        try await AccessHunt.run("leak hunt of a file system") { random, folder in
            let hunt = try AccessNodeHunt(random, in: folder)
            try await hunt.run(steps: 600)
            #expect(hunt.faults.isEmpty, "\(hunt.faults.joined(separator: "\n"))")
        }
    }
}
