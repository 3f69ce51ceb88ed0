import Glibc
import VolumeModel

/// What a process left behind.
struct Finished: CustomStringConvertible {
    let words: [String]
    /// The exit status; nil where a signal ended it.
    let status: Int32?
    /// The signal that ended it.
    let signal: Int32?
    let output: [UInt8]
    let errors: [UInt8]
    let seconds: Double

    var text: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: errors, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map { String($0) } }

    var description: String {
        "\(words.joined(separator: " ")): status \(status.map { "\($0)" } ?? "none"), signal "
            + "\(signal.map { "\($0)" } ?? "none"), \(seconds) s\n\(errorText.prefix(2_000))"
    }
}

/// A process that did not do what the test needs of it.
struct ProcessFailure: Error, CustomStringConvertible {
    let description: String
}

/// A running process of the test's, in a process group of its own.
///
/// Its output goes to unlinked files, not pipes: whoever inherits them keeps nobody waiting.
// @unchecked Sendable: what changes is used by one thread at a time, the test's.
final class Child: @unchecked Sendable {
    let words: [String]
    let pid: pid_t
    private let started = monotonicNanoseconds()
    private let output: Int32
    private let errors: Int32
    private var finished: Finished?

    /// - Parameter environment: over this process's own; nil takes a variable away.
    init(_ words: [String], environment: [String: String?] = [:]) throws {
        self.words = words
        output = try Child.unlinkedFile()
        errors = try Child.unlinkedFile()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // This thread's mask and what the test runner ignores are none of the child's business.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp = Child.environment(environment).map { strdup($0) as UnsafeMutablePointer? }
        envp.append(nil)
        defer { for pointer in argv + envp { free(pointer) } }
        var number: pid_t = 0
        let code = posix_spawnp(&number, words[0], &actions, &attributes, &argv, &envp)
        guard code == 0 else {
            throw ProcessFailure(description: "cannot start \(words): \(SystemError(code))")
        }
        pid = number
    }

    deinit {
        if finished == nil {
            Glibc.kill(-pid, SIGKILL)
            // One that waits in the kernel for a file system may never end: it is left alone then.
            if !ends(within: 5) { print("the process \(pid) does not end: \(words)") }
        }
        close(output)
        close(errors)
    }

    /// Waits for the end; at the deadline the whole group is killed.
    ///
    /// - Throws: `ProcessFailure` where that was needed.
    @discardableResult
    func wait(_ seconds: Double = 60) throws -> Finished {
        if let done = poll() { return done }
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while monotonicNanoseconds() < end {
            if let done = poll() { return done }
            usleep(1_000)
        }
        let said = String(decoding: errorsSoFar, as: UTF8.self)
        Glibc.kill(-pid, SIGKILL)
        throw ProcessFailure(
            description: "\(words.joined(separator: " ")) had not ended after \(seconds) s: \(said)"
        )
    }

    /// What it left behind, where it has ended.
    func poll() -> Finished? {
        if let finished { return finished }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7f
        finished = Finished(
            words: words, status: signal == 0 ? (status >> 8) & 0xff : nil,
            signal: signal == 0 ? nil : signal, output: Child.contents(output),
            errors: Child.contents(errors),
            seconds: Double(monotonicNanoseconds() - started) * 1e-9)
        return finished
    }

    /// Whether it ends within so many seconds; it is left running otherwise.
    func ends(within seconds: Double) -> Bool {
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while monotonicNanoseconds() < end, poll() == nil { usleep(1_000) }
        return poll() != nil
    }

    func kill(_ signal: Int32) { _ = Glibc.kill(pid, signal) }

    /// Standard output up to now.
    var outputSoFar: [UInt8] { Child.contents(output) }
    /// Standard error up to now.
    var errorsSoFar: [UInt8] { Child.contents(errors) }

    private static func unlinkedFile() throws -> Int32 {
        var path = Array("/tmp/perigee-output-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { throw SystemError(errno) }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        unlink(path)
        return file
    }

    private static func contents(_ file: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = pread(file, &piece, piece.count, all.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }

    private static func environment(_ changes: [String: String?]) -> [String] {
        var lines: [String] = []
        var next = environ
        while let pointer = next.pointee {
            let line = String(cString: pointer)
            let name = String(line.prefix { $0 != "=" })
            if changes[name] == nil { lines.append(line) }
            next += 1
        }
        return lines + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }
    }
}

/// Runs a process to its end.
func run(
    _ words: [String], environment: [String: String?] = [:], within seconds: Double = 60
) throws -> Finished {
    try Child(words, environment: environment).wait(seconds)
}

/// Runs a tool that has to succeed.
@discardableResult
func tool(_ words: String..., within seconds: Double = 60) throws -> Finished {
    let done = try run(words, within: seconds)
    guard done.status == 0 else { throw ProcessFailure(description: "\(done)") }
    return done
}
