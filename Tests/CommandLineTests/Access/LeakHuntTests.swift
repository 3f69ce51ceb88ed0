import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct LeakHuntTests {
        @Test func `nothing comes out that random rules hide, and all that they show does`()
            async throws
        {
            try await AccessHunt.run("leak hunt of the command line") { random, folder in
                var chance = try AccessChance(random, in: folder)
                let site = Site(folder: folder)
                var log: [String] = []
                for _ in 0..<12 {
                    log.append(try chance.change())
                    let driver = MatrixCommandDriver(
                        site: site, principal: try Self.known(chance.principal(), in: chance.world))
                    var matrix = try AccessMatrix(of: chance.world)
                    matrix.questions = (0..<3).map { _ in chance.question() }
                    let faults = try await matrix.faults(of: driver, at: .now)
                    #expect(faults.isEmpty, "\(faults.joined(separator: "\n")); before: \(log)")
                    if !faults.isEmpty { return }
                }
            }
        }

        /// `--as` is only for users that there are.
        private static func known(_ principal: Principal, in world: AccessWorld) throws -> Principal
        {
            guard case .user(let user, _) = principal, world.model.users[user] == nil else {
                return principal
            }
            return .anyone
        }
    }
}
