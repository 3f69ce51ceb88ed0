internal import Foundation
internal import VolumeModel

/// How long a hunt for leaks goes on: some seconds in the suite, `PERIGEE_HUNT_SECONDS` where that is
/// set, three minutes with `PERIGEE_SLOW=1`.
package enum AccessHunt {
    /// Seconds for each front end.
    package static let seconds: Double = {
        let environment = ProcessInfo.processInfo.environment
        if let text = environment["PERIGEE_HUNT_SECONDS"], let seconds = Double(text) {
            return seconds
        }
        return environment["PERIGEE_SLOW"] == "1" ? 180 : 6
    }()

    /// Whether new worlds are looked for; a run of the suite goes through the same ones each time.
    private static var isLong: Bool {
        let environment = ProcessInfo.processInfo.environment
        return ["PERIGEE_HUNT_SECONDS", "PERIGEE_SLOW", "PERIGEE_TEST_SEED"]
            .contains { environment[$0] != nil }
    }

    /// Hunts in one world after the other, each from a seed that is printed where it is a new one,
    /// until the time is over.
    ///
    /// - Parameter body: hunts in the world of a seed; the folder is its own.
    package static func run(
        _ name: String, isolation: isolated (any Actor)? = #isolation,
        _ body: (SeededRandom, String) async throws -> Void
    ) async throws {
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        var worlds = 0
        repeat {
            worlds += 1
            let random =
                isLong
                ? SeededRandom(announcing: "\(name), world \(worlds)")
                : SeededRandom(seed: UInt64(worlds))
            try await withTemporaryFolder { folder in try await body(random, folder) }
            // A given seed makes the same world each time.
        } while monotonicNanoseconds() < end
            && ProcessInfo.processInfo.environment["PERIGEE_TEST_SEED"] == nil
        print("\(name): \(worlds) worlds")
    }
}
