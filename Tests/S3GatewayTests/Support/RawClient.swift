import Glibc

/// A connection that sends what it is given, byte by byte, and reads answers: what no HTTP library
/// would send can be sent with it.
final class RawClient {
    struct Answer {
        var status: Int
        var fields: [(name: String, value: String)]
        var body: [UInt8]

        func field(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name }?.value
        }
        var text: String { String(decoding: body, as: UTF8.self) }
        /// The text of the first element called `name`.
        func element(_ name: String) -> String? { elements(name).first }
        /// The texts of all elements called `name`, unescaped.
        func elements(_ name: String) -> [String] {
            text.split(separator: "<\(name)>", omittingEmptySubsequences: false).dropFirst().map {
                rest in
                let end = rest.firstRange(of: "</\(name)>")?.lowerBound ?? rest.endIndex
                return Self.unescaped(String(rest[..<end]))
            }
        }

        private static func unescaped(_ text: String) -> String {
            [
                ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#9;", "\t"), ("&#10;", "\n"),
                ("&#13;", "\r"), ("&amp;", "&"),
            ].reduce(text) { $0.replacing($1.0, with: $1.1) }
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32
    private var pending: [UInt8] = []

    /// Connects to a port of this machine; every wait ends after some seconds.
    init(port: Int, seconds: Int = 20) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(description: "cannot connect: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends text as it is.
    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress! + sent, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "cannot send: errno \(errno)") }
            sent += count
        }
    }

    /// Says that nothing more comes.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends a request without a body and reads its answer.
    func request(
        _ method: String, _ target: String, _ fields: [(String, String)] = []
    ) throws -> Answer {
        try send(Self.text(method, target, fields))
        return try answer(isHead: method == "HEAD")
    }

    static func text(_ method: String, _ target: String, _ fields: [(String, String)]) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.0.lowercased() == "host" }) {
            text += "Host: 127.0.0.1\r\n"
        }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        return text + "\r\n"
    }

    /// Reads one answer.
    func answer(isHead: Bool = false) throws -> Answer {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = try next() else {
                throw Failure(description: "the connection ended in a header")
            }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (
                String(line[..<colon]),
                String(line[colon...].dropFirst().drop { $0 == " " })
            )
        }
        var answer = Answer(status: status, fields: fields, body: [])
        if status == 100 { return answer }
        let count = answer.field("content-length").flatMap { Int($0) } ?? 0
        guard !isHead, status != 304 else { return answer }
        answer.body.reserveCapacity(count)
        while answer.body.count < count {
            guard try fill() else {
                throw Failure(
                    description: "the connection ended after \(answer.body.count) of \(count) bytes"
                )
            }
            let part = pending.prefix(count - answer.body.count)
            answer.body += part
            pending.removeFirst(part.count)
        }
        return answer
    }

    /// Whether the other side has ended the connection, with nothing left to read.
    func isEnded() throws -> Bool { try !fill() }

    private func next() throws -> UInt8? {
        guard try fill() else { return nil }
        return pending.removeFirst()
    }

    /// Reads something, unless there is something already; false at the end.
    private func fill() throws -> Bool {
        if !pending.isEmpty { return true }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failure(description: "cannot read: errno \(errno)") }
        pending = Array(buffer.prefix(count))
        return count > 0
    }
}
