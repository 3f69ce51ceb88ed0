internal import Glibc
internal import VolumeModel

/// An answer as it came over the wire.
package struct HTTPAnswer: CustomStringConvertible {
    /// The number in its first line.
    package let status: Int
    /// The header's lines behind the first.
    package let fields: [String]
    /// What came behind the header.
    package let body: [UInt8]

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
    package var description: String { "\(status) \(fields) \(text.prefix(500))" }

    /// The value of a field.
    package func field(_ name: String) -> String? {
        fields.first { $0.lowercased().hasPrefix("\(name):") }
            .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
    }
}

/// One connection to a server of this machine, on a blocking socket that gives up in time.
package final class HTTPTalk {
    private let socket: Int32
    private var received: [UInt8] = []

    /// An end that should not have been, or none where one should.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameters:
    ///   - place: `127.0.0.1:9000`.
    ///   - receiveBuffer: bytes that the kernel takes in advance; nil: as it likes.
    ///   - seconds: how long each call waits.
    package init(to place: String, receiveBuffer: Int32? = nil, seconds: Int = 20) throws {
        guard let colon = place.lastIndex(of: ":"),
            let port = UInt16(place[place.index(after: colon)...])
        else { throw Failure(description: "no port in \(place)") }
        let host = place[..<colon].filter { $0 != "[" && $0 != "]" }
        let isSix = host.contains(":")
        socket = Glibc.socket(
            isSix ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(
            socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let code: Int32
        if isSix {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &name.sin6_addr)
            code = Self.connect(socket, &name)
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &name.sin_addr)
            code = Self.connect(socket, &name)
        }
        guard code == 0 else {
            // What was made so far ends with `deinit`.
            throw SystemError(errno)
        }
    }

    deinit { close(socket) }

    private static func connect<Name>(_ socket: Int32, _ name: inout Name) -> Int32 {
        let size = socklen_t(MemoryLayout<Name>.size)
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, size)
            }
        }
    }

    /// Sends text as it is.
    package func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends bytes as they are; what a server that has ended the connection does not take is lost.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Says that nothing more comes.
    package func endSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// Whether the other side has ended the connection, with nothing left to read.
    ///
    /// - Throws: where nothing comes in time, and no end either.
    package func isEnded() throws -> Bool {
        guard received.isEmpty else { return false }
        var byte: UInt8 = 0
        let got = recv(socket, &byte, 1, 0)
        if got > 0 { received.append(byte) }
        guard got >= 0 || errno == ECONNRESET else {
            throw Failure(description: "neither a byte nor an end: \(SystemError(errno))")
        }
        return got <= 0
    }

    /// Sends a request.
    package func request(_ path: String, method: String = "GET", _ fields: [String] = []) {
        let lines = ["\(method) \(path) HTTP/1.1", "host: localhost"] + fields
        send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// Bytes of the body that have come, at least `count` unless the connection ended; the header
    /// is taken away.
    package func receive(_ count: Int = .max) -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while received.count < count {
            let got = recv(socket, &piece, piece.count, 0)
            guard got > 0 else { break }
            received += piece[..<got]
        }
        return received
    }

    /// The answer of a connection that the server ends behind it, or whose length is told.
    package func answer(isHead: Bool = false) throws -> HTTPAnswer {
        let end = Array("\r\n\r\n".utf8)
        var wanted = 1
        while true {
            let bytes = receive(wanted)
            if let at = bytes.firstRange(of: end) {
                let lines = String(decoding: bytes[..<at.lowerBound], as: UTF8.self)
                    .split(separator: "\r\n").map { String($0) }
                let status = lines.first?.split(separator: " ").dropFirst().first
                var answer = HTTPAnswer(
                    status: status.flatMap { Int($0) } ?? 0, fields: Array(lines.dropFirst()),
                    body: [])
                let length = isHead ? 0 : answer.field("content-length").flatMap { Int($0) }
                let all = receive(length.map { at.upperBound + $0 } ?? .max)
                let last = min(all.count, length.map { at.upperBound + $0 } ?? all.count)
                if let length, all.count < at.upperBound + length {
                    throw Failure(
                        description: "\(all.count - at.upperBound) of \(length) bytes came")
                }
                answer = HTTPAnswer(
                    status: answer.status, fields: answer.fields,
                    body: Array(all[at.upperBound..<last]))
                received.removeFirst(last)
                return answer
            }
            guard bytes.count >= wanted else {
                throw Failure(
                    description: "no whole header: \(String(decoding: bytes, as: UTF8.self))")
            }
            wanted = bytes.count + 1
        }
    }

    /// Gets a path over a connection of its own.
    package static func get(
        _ place: String, _ path: String, method: String = "GET", _ fields: [String] = []
    ) throws -> HTTPAnswer {
        let talk = try HTTPTalk(to: place)
        talk.request(path, method: method, fields)
        return try talk.answer(isHead: method == "HEAD")
    }
}
