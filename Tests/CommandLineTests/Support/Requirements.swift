import Foundation
import Testing

/// The tests of the command line, one after the other: they measure seconds.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum CommandLineTests {}

/// What a test needs of the machine.
enum Machine {
    /// Why nothing can be mounted here, or nil.
    static let obstacle: String? = {
        if geteuid() != 0 { return "mounting needs root" }
        let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        if device < 0 { return "mounting needs /dev/fuse" }
        close(device)
        return nil
    }()

    static let isRoot: Bool = {
        if geteuid() != 0 { print("SKIPPED: this test needs root") }
        return geteuid() == 0
    }()

    /// Whether skipping is a failure.
    static let mustMount = ProcessInfo.processInfo.environment["PERIGEE_REQUIRE_MOUNTS"] == "1"

    static func canMount(_ test: String) throws -> Bool {
        guard let obstacle else { return true }
        if mustMount {
            throw ProcessFailure(description: "PERIGEE_REQUIRE_MOUNTS is set, but \(obstacle)")
        }
        print("SKIPPED: \(test): \(obstacle)")
        return false
    }

    /// Whether a program is in the path; says so where it is not.
    static func has(_ program: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin:/usr/sbin:/sbin"
        let found = path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
        if !found { print("SKIPPED: this test needs the program \(program)") }
        return found
    }
}

extension Trait where Self == ConditionTrait {
    /// Root and /dev/fuse; a skip is printed, and is a failure where `PERIGEE_REQUIRE_MOUNTS` is 1.
    static func needsMounts(_ test: String = #fileID) -> Self {
        .enabled("needs root and /dev/fuse") { try Machine.canMount(test) }
    }

    /// Root, for what only root can set up; a skip is printed.
    static func needsRoot() -> Self {
        .enabled("needs root") { Machine.isRoot }
    }

    /// A program that is in the path.
    static func needs(_ program: String) -> Self {
        .enabled("needs \(program)") { Machine.has(program) }
    }
}
