import Foundation
import Glibc
import Testing
import VolumeModel

/// The helper process of these tests, in a run of its own; killed with the value.
// @unchecked Sendable: what changes is used by one task at a time, the test's.
final class ChildProcess: @unchecked Sendable {
    private let pid: pid_t
    private var status: Int32?

    /// The program: it is built beside the bundle of the tests.
    private static let program: String = {
        let bundles = Bundle.allBundles.map(\.bundlePath).filter { $0.hasSuffix(".xctest") }
        let running =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .map { [$0] } ?? []
        for bundle in bundles + running + [CommandLine.arguments[0]] {
            let products = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
            let program = "\(products)/BlockCacheChild"
            if access(program, X_OK) == 0 { return program }
        }
        return "BlockCacheChild-is-not-beside-the-tests"
    }()

    /// - Parameters: as the program's own documentation says.
    init(
        _ mode: String, folder: String, log: String, seed: UInt64 = 1, objects: Int, size: Int,
        seconds: Int = 60, latency: Int = 1
    ) throws {
        let words =
            [Self.program, mode, folder, log]
            + [Int(seed), objects, size, seconds, latency].map {
                "\($0)"
            }
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        var number: pid_t = 0
        let code = posix_spawn(&number, words[0], nil, nil, &argv, environ)
        try #require(code == 0, "cannot start \(words[0]): \(SystemError(code))")
        pid = number
    }

    deinit { if status == nil { kill() } }

    /// Ends it at once, wherever it is.
    func kill() {
        guard status == nil else { return }
        Glibc.kill(pid, SIGKILL)
        var raw: Int32 = 0
        waitpid(pid, &raw, 0)
        status = raw
    }

    /// Whether it has ended, and how: its exit status, or a negated signal.
    func poll() -> Int32? {
        if status == nil {
            var raw: Int32 = 0
            if waitpid(pid, &raw, WNOHANG) == pid { status = raw }
        }
        return status.map { $0 & 0x7f == 0 ? $0 >> 8 & 0xff : -($0 & 0x7f) }
    }

    /// Its exit status, or a negated signal; nil where it does not end.
    func end(within seconds: Int = 120) async -> Int32? {
        _ = await soon(within: seconds) { poll() != nil }
        return poll()
    }
}

/// How often each block was fetched, as the children's log tells: by object, then by block.
func fetches(_ log: String) throws -> [Int: [Int: Int]] {
    var counts: [Int: [Int: Int]] = [:]
    for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        let last = (numbers[2] + block - 1) / block
        for block in numbers[1] / block..<last {
            counts[numbers[0], default: [:]][block, default: 0] += 1
        }
    }
    return counts
}
