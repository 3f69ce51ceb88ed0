import Foundation
import Testing

/// The tests of the command line, one after the other: they measure seconds.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum CommandLineTests {}

/// What a test needs of the machine.
enum Machine {
    static let isRoot: Bool = {
        if geteuid() != 0 { print("SKIPPED: this test needs root") }
        return geteuid() == 0
    }()

    /// Whether a file can be mounted as a disk; says so where it cannot.
    static let hasLoopDevices: Bool = {
        let found = access("/dev/loop-control", R_OK | W_OK) == 0 && has("mkfs.ext4")
        if !found { print("SKIPPED: a file cannot be mounted as a disk here") }
        return found
    }()

    /// Whether a program is in the path; says so where it is not.
    static func has(_ program: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin:/usr/sbin:/sbin"
        let found = path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
        if !found { print("SKIPPED: this test needs the program \(program)") }
        return found
    }
}

extension Trait where Self == ConditionTrait {
    /// Root, for what only root can set up; a skip is printed.
    static func needsRoot() -> Self {
        .enabled("needs root") { Machine.isRoot }
    }

    /// A program that is in the path.
    static func needs(_ program: String) -> Self {
        .enabled("needs \(program)") { Machine.has(program) }
    }
}
