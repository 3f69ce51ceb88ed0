internal import CKernel
internal import Glibc
internal import VolumeModel

/// A server program of a test, on a port of loopback that was free.
package final class ServerProcess: Sendable {
    /// Where it listens.
    package let port: Int
    private let process: pid_t

    /// Why a program could not be started, with what it had printed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts a program and waits until it accepts connections.
    ///
    /// - Parameters:
    ///   - log: a file for what it prints.
    ///   - arguments: of a port; another one is tried where somebody else was faster.
    package init(
        _ program: String, environment: [String] = [], log: String,
        arguments: (_ port: Int) throws -> [String]
    ) throws {
        for _ in 0..<3 {
            let port = try Self.freePort()
            let process = try Self.start(
                program, try arguments(port), environment: environment, log: log)
            if Self.accepts(port, from: process) {
                self.port = port
                self.process = process
                return
            }
            Self.end(process)
        }
        let printed = (try? DiskFile.read(log)).map {
            String(decoding: $0.suffix(2_000), as: UTF8.self)
        }
        throw Failure(description: "\(program) did not start: \(printed ?? "")")
    }

    deinit { Self.end(process) }

    /// `http://127.0.0.1:PORT`
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Sends a signal to the program.
    package func signal(_ number: Int32) { kill(process, number) }

    private static func start(
        _ program: String, _ arguments: [String], environment: [String], log: String
    ) throws -> pid_t {
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw SystemError(errno) }
        defer { close(output) }
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let settings =
            (["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + environment).map { strdup($0) } + [nil]
        defer { for word in words + settings { free(word) } }
        // Nobody needs to hear that it is ready: its port tells.
        let process = perigee_spawn_session(program, words, settings, output, output)
        guard process > 0 else { throw SystemError(process) }
        return process
    }

    private static func accepts(_ port: Int, from process: pid_t) -> Bool {
        let deadline = monotonicNanoseconds() + 30_000_000_000
        while monotonicNanoseconds() < deadline {
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) != 0 { return false }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = loopback(port)
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return true }
            usleep(10_000)
        }
        return false
    }

    private static func end(_ process: pid_t) {
        // It leads a session, and with it the group of all that it started.
        kill(-process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// A port that nobody listens on now.
    package static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(descriptor, $0, length) == 0,
                    getsockname(descriptor, $0, &length) == 0
                else { throw SystemError(errno) }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }
}

/// A port of 127.0.0.1.
func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}
