internal import Foundation
internal import Glibc
package import Testing

/// What a test that mounts needs of the machine: root and /dev/fuse.
package enum MountRequirement {
    /// Why nothing can be mounted here, or nil.
    package static let obstacle: String? = {
        if geteuid() != 0 { return "mounting needs root" }
        let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        if device < 0 { return "mounting needs /dev/fuse" }
        close(device)
        return nil
    }()

    /// Whether a test that mounts can run; says why not, for which there is no silent way.
    ///
    /// - Throws: `MountsAreRequired` where it cannot and `PERIGEE_REQUIRE_MOUNTS` is 1.
    package static func isMet(for test: String) throws -> Bool {
        guard let obstacle else { return true }
        if ProcessInfo.processInfo.environment["PERIGEE_REQUIRE_MOUNTS"] == "1" {
            throw MountsAreRequired(obstacle: obstacle)
        }
        skipped(test, because: obstacle)
        return false
    }
}

/// Skipping a test that mounts was made a failure, and it would have been skipped.
package struct MountsAreRequired: Error, CustomStringConvertible {
    let obstacle: String

    package var description: String { "PERIGEE_REQUIRE_MOUNTS is set, but \(obstacle)" }
}

extension Trait where Self == ConditionTrait {
    /// Root and /dev/fuse; a skip is printed, and is a failure where `PERIGEE_REQUIRE_MOUNTS` is 1.
    package static func needsMounts(_ test: String = #fileID) -> Self {
        .enabled("needs root and /dev/fuse") { try MountRequirement.isMet(for: test) }
    }
}
