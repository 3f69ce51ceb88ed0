import Foundation
import Glibc
import PerigeeTesting
import Testing

/// A server of a test's, with listeners of its own.
final class Served {
    let child: Child
    /// `127.0.0.1:PORT` of the S3 listeners and of the admin listener.
    let s3: [String]
    let admin: String

    private struct Report: Decodable {
        var s3: [String]
        var admin: String
    }

    /// Waits until a started server says where it listens.
    init(_ child: Child) throws {
        self.child = child
        var report: Report?
        let isUp = eventually(within: 30) {
            if child.poll() != nil { return true }
            let line = child.outputSoFar.split(separator: UInt8(ascii: "\n")).first
            report = line.flatMap { try? JSONDecoder().decode(Report.self, from: Data($0)) }
            return report != nil
        }
        guard isUp, let report else {
            throw ProcessFailure(
                description: "no server: "
                    + String(decoding: child.errorsSoFar, as: UTF8.self))
        }
        let place = { (url: String) in String(url[url.range(of: "//")!.upperBound...]) }
        s3 = report.s3.map(place)
        admin = place(report.admin)
    }

    /// Where S3 clients connect.
    var endpoint: String { "http://\(s3[0])" }

    /// What it has logged up to now.
    var log: String { String(decoding: child.errorsSoFar, as: UTF8.self) }

    /// Whether it logs such a line in time.
    func logs(_ words: String...) -> Bool {
        eventually(within: 10) {
            log.split(separator: "\n").contains { line in words.allSatisfy { line.contains($0) } }
        }
    }

    /// Gets a path from the first S3 listener.
    func get(_ path: String, method: String = "GET", _ fields: [String] = []) throws -> HTTPAnswer {
        try HTTPTalk.get(s3[0], path, method: method, fields)
    }

    /// The value of a metric; its labels are part of the name.
    func metric(_ name: String) throws -> Double? {
        try HTTPTalk.get(admin, "/metrics").text.split(separator: "\n")
            .first { $0.hasPrefix("\(name) ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}

extension Site {
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

    /// Flags by which the system chooses the ports.
    static let anyPorts = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]

    /// Starts a server and gives it to `body`; ends it afterwards.
    func withServed<Value>(
        _ flags: [String] = Site.anyPorts, environment changes: [String: String?] = [:],
        _ body: (Served) throws -> Value
    ) throws -> Value {
        let child = try Child(
            [Site.program, "serve", "--json"] + flags,
            environment: environment.merging(changes) { $1 })
        let served = try Served(child)
        defer {
            child.kill(SIGTERM)
            if !child.ends(within: 10) { child.kill(SIGKILL) }
        }
        return try body(served)
    }
}
