internal import Glibc
internal import Synchronization
internal import VolumeModel

/// A proxy in front of a real server on loopback that does to answers what networks, servers and
/// villains do.
///
/// Each request takes the next fault of those that wait, or the usual one. Every connection has a
/// thread of its own, as a test can afford.
package final class FaultProxy: Sendable {
    /// What happens to one answer. Positions count bytes of the body.
    package enum Fault: Sendable {
        /// It goes through.
        case none
        /// It comes so much later.
        case delay(milliseconds: Int)
        /// The connection ends in good order after so many bytes.
        case cut(after: Int)
        /// The connection is reset after so many bytes; at -1 before the header.
        case reset(after: Int)
        /// Nothing more comes after so many bytes, until the client leaves; at -1 no header either.
        case stall(after: Int)
        /// So many bytes at a time, with a wait after each.
        case drip(bytes: Int, milliseconds: Int)
        /// The byte there is another one.
        case wrongByte(at: Int)
        /// The origin answers that, without asking the server behind.
        case status(Int, fields: [String])
        /// Fields of the header in place of those of their names; an empty value takes one away.
        case fields([String: String])
        /// The header with its length taken away, and then bytes for ever.
        case endless
        /// The same body, and this behind it, in a body whose length is not told.
        case appended([UInt8])
        /// Whatever these bytes are, and the end.
        case raw([UInt8])
    }

    /// A request as it came.
    package struct Request: Sendable {
        /// `GET /path HTTP/1.1`
        package let line: String
        /// The other lines of its header.
        package let fields: [String]

        /// The value of a field, by its name in lower case, or nil.
        package func field(_ name: String) -> String? {
            fields.first { $0.lowercased().hasPrefix("\(name):") }
                .map { String($0.dropFirst(name.utf8.count + 1).drop { $0 == " " }) }
        }
    }

    /// Where it listens.
    package let port: Int
    private let upstream: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var faults: [Fault] = []
        var usual = Fault.none
        var requests: [Request] = []
        var bodyBytes = 0
        /// Sockets of clients and of the server behind, to be shut at the end.
        var open: Set<Int32> = []
        var threads = 0
        var isOver = false
    }

    /// Starts to listen.
    ///
    /// - Parameter upstream: the server's port on 127.0.0.1.
    package init(upstream: Int) throws {
        self.upstream = upstream
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(listener, $0, length) == 0, listen(listener, 256) == 0,
                    getsockname(listener, $0, &length) == 0
                else { throw SystemError(errno) }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        state.withLock { $0.threads = 1 }
        Thread.start(name: "proxy") { self.accept() }
    }

    /// `http://127.0.0.1:PORT`
    package var url: String { "http://127.0.0.1:\(port)" }

    /// The faults of the next requests, in their order.
    package func next(_ faults: Fault...) { state.withLock { $0.faults += faults } }

    /// The fault of all requests for which none waits.
    package func always(_ fault: Fault) { state.withLock { $0.usual = fault } }

    /// The requests so far.
    package var requests: [Request] { state.withLock(\.requests) }

    /// Bytes of bodies that were sent to clients.
    package var bodyBytes: Int { state.withLock(\.bodyBytes) }

    /// Ends all connections and waits for its threads, for some seconds at most.
    package func stop() {
        state.withLock { state in
            state.isOver = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
        _ = eventually(within: 10) { state.withLock { $0.threads == 0 } }
        close(listener)
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            let isOver = state.withLock { state in
                if client >= 0, !state.isOver {
                    state.open.insert(client)
                    state.threads += 1
                } else {
                    state.threads -= 1
                }
                return client < 0 || state.isOver
            }
            if isOver {
                if client >= 0 { close(client) }
                return
            }
            Thread.start(name: "proxied") {
                ProxiedConnection(self, client).run()
                self.end(client)
                self.state.withLock { $0.threads -= 1 }
            }
        }
    }

    fileprivate func end(_ descriptor: Int32) {
        // Out of the set before the number can be anybody else's.
        state.withLock { _ = $0.open.remove(descriptor) }
        close(descriptor)
    }

    fileprivate var isOver: Bool { state.withLock(\.isOver) }

    fileprivate func take(_ request: Request) -> Fault {
        state.withLock { state in
            state.requests.append(request)
            return state.faults.isEmpty ? state.usual : state.faults.removeFirst()
        }
    }

    fileprivate func sent(_ count: Int) { state.withLock { $0.bodyBytes += count } }

    fileprivate func connectUpstream() -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(upstream)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            return nil
        }
        state.withLock { _ = $0.open.insert(descriptor) }
        return descriptor
    }
}

/// One client's connection, on its thread.
private struct ProxiedConnection {
    let proxy: FaultProxy
    let client: Int32

    init(_ proxy: FaultProxy, _ client: Int32) {
        self.proxy = proxy
        self.client = client
    }

    func run() {
        var one: Int32 = 1
        setsockopt(
            client, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        while let lines = header(client)?.lines, let first = lines.first {
            let request = FaultProxy.Request(line: first, fields: Array(lines.dropFirst()))
            guard answer(request, proxy.take(request)) else { return }
        }
    }

    /// Whether the connection goes on.
    private func answer(_ request: FaultProxy.Request, _ fault: FaultProxy.Fault) -> Bool {
        switch fault {
        case .status(let status, let fields):
            return write(
                ["HTTP/1.1 \(status) Fault"] + fields + ["Content-Length: 0"])
        case .raw(let bytes):
            _ = write(bytes[...])
            return false
        case .reset(after: -1): return reset()
        case .stall(after: -1): return waitForLeaving()
        case .delay(let milliseconds): wait(milliseconds)
        default: break
        }
        guard let server = proxy.connectUpstream() else { return false }
        defer { proxy.end(server) }
        let sent =
            [request.line] + request.fields.filter { !$0.lowercased().hasPrefix("connection:") }
        guard write(sent + ["Connection: close"], to: server), let head = header(server) else {
            return false
        }
        var lines = head.lines.filter { !$0.lowercased().hasPrefix("connection:") }
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: " ").last ?? "") }
        var isPersistent = length != nil
        switch fault {
        case .fields(let edits):
            for (name, value) in edits {
                lines.removeAll { $0.lowercased().hasPrefix("\(name.lowercased()):") }
                if !value.isEmpty { lines.append("\(name): \(value)") }
            }
            isPersistent = false
        case .endless, .appended:
            lines.removeAll { $0.lowercased().hasPrefix("content-length:") }
            isPersistent = false
        default: break
        }
        if !isPersistent { lines.append("Connection: close") }
        guard write(lines) else { return false }
        if request.line.hasPrefix("HEAD ") { return isPersistent }
        return body(fault, first: head.rest, from: server) && isPersistent
    }

    /// Sends the body on with its fault; whether it went through as a whole.
    private func body(_ fault: FaultProxy.Fault, first: [UInt8], from server: Int32) -> Bool {
        var position = 0
        var piece = first
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            if !piece.isEmpty, !send(piece, at: position, fault) { return false }
            position += piece.count
            let count = recv(server, &buffer, buffer.count, 0)
            if count <= 0 { break }
            piece = Array(buffer[..<count])
        }
        switch fault {
        case .endless:
            let zeros = [UInt8](repeating: 0, count: 65_536)
            while !proxy.isOver, write(zeros[...]) { proxy.sent(zeros.count) }
            return false
        case .appended(let more):
            _ = write(more[...])
            return false
        default: return true
        }
    }

    private func send(_ piece: [UInt8], at position: Int, _ fault: FaultProxy.Fault) -> Bool {
        var piece = piece
        switch fault {
        case .cut(let limit) where limit < position + piece.count:
            _ = write(piece[..<max(0, limit - position)])
            return false
        case .reset(let limit) where limit < position + piece.count:
            _ = write(piece[..<max(0, limit - position)])
            return reset()
        case .stall(let limit) where limit < position + piece.count:
            _ = write(piece[..<max(0, limit - position)])
            return waitForLeaving()
        case .wrongByte(let place) where piece.indices.contains(place - position):
            piece[place - position] ^= 0x20
        case .drip(let bytes, let milliseconds):
            for start in stride(from: 0, to: piece.count, by: max(1, bytes)) {
                guard !proxy.isOver, write(piece[start..<min(start + bytes, piece.count)]) else {
                    return false
                }
                wait(milliseconds)
            }
            return true
        default: break
        }
        proxy.sent(piece.count)
        return write(piece[...])
    }

    /// Ends the connection with RST.
    private func reset() -> Bool {
        // What was written has to be on its way, or the reset overtakes it.
        wait(20)
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        return false
    }

    /// Waits until the client ends the connection, or the proxy.
    private func waitForLeaving() -> Bool {
        var byte: UInt8 = 0
        while recv(client, &byte, 1, 0) > 0 {}
        return false
    }

    private func wait(_ milliseconds: Int) { usleep(UInt32(milliseconds) * 1_000) }

    /// Reads a header, and what came behind it.
    private func header(_ socket: Int32) -> (lines: [String], rest: [UInt8])? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let text = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                return (
                    text.split(separator: "\r\n").map { String($0) },
                    Array(bytes[end.upperBound...])
                )
            }
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0, bytes.count < 1 << 20 else { return nil }
            bytes += buffer[..<count]
        }
    }

    private func write(_ lines: [String], to socket: Int32? = nil) -> Bool {
        write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)[...], to: socket)
    }

    private func write(_ bytes: ArraySlice<UInt8>, to socket: Int32? = nil) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket ?? client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Gives `body` a proxy, which has ended afterwards.
package func withFaultProxy<Value>(
    before upstream: Int, isolation: isolated (any Actor)? = #isolation,
    _ body: (FaultProxy) async throws -> Value
) async throws -> Value {
    let proxy = try FaultProxy(upstream: upstream)
    defer { proxy.stop() }
    return try await body(proxy)
}
