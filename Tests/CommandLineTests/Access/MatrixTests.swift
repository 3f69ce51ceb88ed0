import AccessControl
import Foundation
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct MatrixTests {
        /// Questions for each identity: a process takes some 50 ms.
        private static let count =
            ProcessInfo.processInfo.environment["PERIGEE_SLOW"] == "1" ? 10_000 : 30

        @Test func `every question is answered as the naive evaluator does`() async throws {
            var random = SeededRandom(announcing: "matrix of the command line")
            try await withTemporaryFolder { folder in
                let world = try AccessWorld.ofClauses(in: folder)
                let site = Site(folder: folder)
                var matrix = try AccessMatrix(of: world)
                let all = matrix.questions
                let everybody: [Principal] = [
                    AccessWorld.Clause.stranger, AccessWorld.Clause.nested,
                    AccessWorld.Clause.manager, AccessWorld.Clause.proposer,
                    AccessWorld.Clause.disabled, .owner,
                ]
                for principal in everybody {
                    matrix.questions = Array(all.shuffled(using: &random).prefix(Self.count))
                    let driver = MatrixCommandDriver(site: site, principal: principal)
                    let faults = try await matrix.faults(of: driver, at: .now)
                    #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
                }
            }
        }

        @Test func `whoever is not known reads nothing, and is told so`() throws {
            try withTemporaryFolder { folder in
                _ = try AccessWorld.ofClauses(in: folder)
                let site = Site(folder: folder)
                for words in [
                    "ls whole", "stat whole:of-whole", "cat whole:of-whole/item-whole.fits",
                ] {
                    expectRefusal(try site.run("\(words) --as xaver"), 1, saying: "no user xaver")
                }
                expectRefusal(try site.run("ls whole --as ursula --owner"), 64, saying: "--owner")
            }
        }

        @Test(.needsMounts())
        func `mounts of two identities show each his own`() throws {
            try withTemporaryFolder { folder in
                _ = try AccessWorld.ofClauses(in: folder)
                let site = Site(folder: folder)
                defer { site.clear() }
                try site.withMount(name: "stranger") { stranger in
                    try site.withMount(["--as", "marie"], name: "marie") { marie in
                        try site.withMount(["--unreadable", "hide"], name: "hiding") { hiding in
                            #expect(
                                listing(stranger) == .ok(["embargo", "paths", "whole"]))
                            #expect(
                                listing(marie)
                                    == .ok(["bare", "canary", "embargo", "paths", "told", "whole"]))
                            let file = "paths/managed/managed-1.fits"
                            #expect(contents("\(stranger)/\(file)") == .failed(ENOENT))
                            #expect(contents("\(marie)/\(file)").value?.isEmpty == false)
                            let seen = "paths/seen/listed-1.fits"
                            #expect(contents("\(stranger)/\(seen)") == .failed(EACCES))
                            #expect(Facts("\(stranger)/\(seen)")?.mode == 0o100000)
                            #expect(contents("\(hiding)/\(seen)") == .failed(ENOENT))
                            #expect(
                                listing("\(hiding)/paths/seen") == .ok(["readable-6.fits"]))
                        }
                    }
                }
            }
        }
    }
}
