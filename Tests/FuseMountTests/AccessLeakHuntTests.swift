import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Leaks of mounts that stay", .serialized, .needsMounts(), .timeLimit(.minutes(30)))
struct AccessLeakHuntTests {
    /// Seconds in which a change has to be in force, and what it shows to be there.
    private static let limit = 1.0

    @Test("Nothing comes out of a mount that random rules hide now, and all that they show does")
    func hunt() async throws {
        try await AccessHunt.run("leak hunt of mounts") { random, folder in
            var chance = try AccessChance(random, in: folder)
            let service = try chance.world.service()
            defer { service.stop() }
            let identities = [ShownEntries.listed, .listed, .readable].map {
                MountIdentity(principal: chance.principal(), showing: $0)
            }
            let start = chance
            try await withMounts(of: service, for: identities) { mounts in
                var chance = start
                var log: [String] = []
                for _ in 0..<8 {
                    log.append(try chance.change())
                    try chance.world.settle(service)
                    for (mounted, identity) in zip(mounts, identities) {
                        let driver = AccessMountDriver(mounted, identity)
                        var matrix = try AccessMatrix(of: chance.world)
                        matrix.questions = (0..<6).map { _ in chance.question() }
                        let faults = try await Self.lastingFaults(of: driver, matrix)
                        let before = log.suffix(6).joined(separator: "; ")
                        #expect(
                            faults.isEmpty,
                            "\(faults.joined(separator: "\n")); before: \(before)")
                        if !faults.isEmpty { return }
                    }
                }
            }
        }
    }

    /// What is wrong with a mount's answers still when a change has to be in force.
    private static func lastingFaults(
        of driver: AccessMountDriver, _ matrix: AccessMatrix
    ) async throws -> [String] {
        let start = monotonicNanoseconds()
        while true {
            let isDue = Double(monotonicNanoseconds() - start) * 1e-9 > limit
            do {
                let faults = try await matrix.faults(of: driver)
                if faults.isEmpty || isDue { return faults }
            } catch let contradiction as AccessContradiction where !isDue {
                // The change came between two calls about one entry.
                _ = contradiction
            }
        }
    }
}
