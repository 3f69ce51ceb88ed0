import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

extension S3GatewayTests {
    @Suite("Who sees what in buckets")
    struct AccessTests {
        @Test("Every question is answered as the naive evaluator does")
        func matrix() async throws {
            try await withTemporaryFolder { folder in
                let world = try AccessWorld.ofClauses(in: folder)
                let service = try world.service()
                defer { service.stop() }
                let matrix = try AccessMatrix(of: world)
                try await withGateway(service, clock: { world.hand.now }) { gateway in
                    let client = try HTTPTalk(port: gateway.port)
                    for principal in AccessWorld.Clause.everybody {
                        let driver = AccessGatewayDriver(gateway, client, as: principal, in: world)
                        let faults = try await matrix.faults(of: driver)
                        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
                    }
                }
            }
        }

        @Test("Nothing comes out that random rules hide, and all that they show does")
        func hunt() async throws {
            try await AccessHunt.run("leak hunt of buckets") { random, folder in
                var chance = try AccessChance(random, in: folder)
                let world = chance.world
                let service = try world.service()
                defer { service.stop() }
                try await withGateway(service, clock: { world.hand.now }) { gateway in
                    let client = try HTTPTalk(port: gateway.port)
                    var log: [String] = []
                    for _ in 0..<80 {
                        if chance.random.once(in: 3) {
                            log.append(try chance.change())
                            try world.settle(service)
                        }
                        if chance.random.once(in: 4) {
                            chance.turnClock()
                            log.append("it is \(world.hand.now.nanoseconds)")
                        }
                        let driver = AccessGatewayDriver(
                            gateway, client, as: chance.principal(), in: world,
                            pageSize: 1 + chance.random.below(4))
                        var matrix = try AccessMatrix(of: world)
                        matrix.questions = (0..<4).map { _ in chance.question() }
                        let faults = try await matrix.faults(of: driver)
                        #expect(
                            faults.isEmpty,
                            "\(faults.joined(separator: "\n")); before: \(log.suffix(6))")
                        if !faults.isEmpty { return }
                    }
                }
            }
        }
    }
}
