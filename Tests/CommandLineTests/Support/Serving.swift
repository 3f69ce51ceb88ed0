import Foundation
import Glibc
import PerigeeTesting
import Testing

/// A gateway that serves a site's buckets as a process of its own.
struct Serving {
    /// Where clients connect, `http://127.0.0.1:PORT`.
    let endpoint: String
    let port: Int
    let process: Child
}

extension Site {
    /// Runs `body` while `perigee serve` answers on a port of its own.
    func withServer<Value>(
        _ words: [String] = [], _ body: (Serving) throws -> Value
    ) throws -> Value {
        let port = try freePort()
        let child = try start(
            ["serve", "--listen", "127.0.0.1:\(port)", "--admin-listen", "off"] + words)
        defer {
            child.kill(SIGTERM)
            _ = try? child.wait(20)
        }
        let isUp = try eventually(within: 20) {
            guard child.poll() == nil else {
                throw ProcessFailure(description: "serve ended: \(try child.wait(1))")
            }
            return accepts(port)
        }
        try #require(isUp, "nobody listens on \(port)")
        return try body(
            Serving(endpoint: "http://127.0.0.1:\(port)", port: port, process: child))
    }

    /// Makes a user with a key.
    func makeKey(_ user: String) throws -> (id: String, secret: String) {
        try ok(["user", "add", user])
        let made = try ok(["key", "create", "--user", user, "--json"])
        let object =
            try JSONSerialization.jsonObject(with: Data(made.output)) as? [String: Any] ?? [:]
        let key = object["key"] as? [String: Any]
        return (
            try #require(key?["accessKeyID"] as? String), try #require(object["secret"] as? String)
        )
    }
}

/// A port that nobody listens on now.
func freePort() throws -> Int {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(probe, $0, length) == 0 ? getsockname(probe, $0, &length) : -1
        }
    }
    guard code == 0 else { throw ProcessFailure(description: "no free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// Whether somebody accepts connections on a port of this machine.
private func accepts(_ port: Int) -> Bool {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    var address = loopback(port)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}
