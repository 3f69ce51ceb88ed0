import NIOCore
import PerigeeTesting
import S3Protocol
import Testing

@testable import S3Gateway

@Suite("Heads of requests")
struct RequestReaderTests {
    private static let limit = 16_384

    @Test("A head is read with its fields, and what it says of the body and the connection")
    func head() throws {
        let text =
            "PUT /hst/a?b=c HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nx-padded: \t a b \t\r\n"
            + "Content-Length: 12\r\nConnection: upgrade , CLOSE\r\n\r\n"
        let head = try #require(RequestHead(Array(text.utf8)))
        #expect(head.method == "PUT")
        #expect(head.targetBytes.elementsEqual("/hst/a?b=c".utf8))
        #expect(!head.isOld && !head.keepsAlive)
        #expect(head.body == .counted(12))
        let request = S3Request(
            method: head.method, target: try RequestTarget(parsing: head.targetBytes),
            header: head.header)
        #expect(
            request.fields == [
                .init("Host", "x"), .init("X-Empty", ""), .init("x-padded", "a b"),
                .init("Content-Length", "12"), .init("Connection", "upgrade , CLOSE"),
            ])
    }

    @Test(
        "The connection goes on as the version and the client say",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close", false),
            ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive", true),
            ("HTTP/1.0", "Connection: close, keep-alive", false),
            ("HTTP/1.1", "Connection: keep-alive\r\nConnection: close", false),
        ])
    func keepAlive(version: String, field: String, isKept: Bool) throws {
        let fields = field.isEmpty ? "" : field + "\r\n"
        let head = RequestHead(Array("GET / \(version)\r\nHost: x\r\n\(fields)\r\n".utf8))
        #expect(try #require(head).keepsAlive == isKept)
    }

    @Test(
        "What two servers could read in two ways is no request",
        arguments: [
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET / http/1.1\r\nHost: a\r\n\r\n", "GET /\r\nHost: a\r\n\r\n",
            "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n",
            "G{T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.0\r\nHost: \r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n", "\u{16}\u{3}\u{1}",
            "\r\n\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
    func ambiguous(text: String) {
        var reader = RequestReader()
        reader.append(ByteBuffer(string: text))
        guard case .fault(.badRequest) = reader.next(limit: Self.limit) else {
            Issue.record("read as a request, or as the beginning of one")
            return
        }
    }

    @Test("A head may be as long as the limit and no longer, whether its end has come or not")
    func limits() throws {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        let whole = { (count: Int) in
            start + String(repeating: "x", count: count - start.utf8.count - 4) + "\r\n\r\n"
        }
        for (text, isTaken) in [(whole(1_000), true), (whole(1_001), false)] {
            var reader = RequestReader()
            reader.append(ByteBuffer(string: text))
            switch reader.next(limit: 1_000) {
            case .head: #expect(isTaken)
            case .fault(let code): #expect(!isTaken && code == .requestHeaderSectionTooLarge)
            case .nothing: Issue.record("a whole head was not seen")
            }
        }
        var reader = RequestReader()
        reader.append(ByteBuffer(string: start + String(repeating: "x", count: 1_000)))
        guard case .fault(.requestHeaderSectionTooLarge) = reader.next(limit: 1_000) else {
            Issue.record("a head without end goes on")
            return
        }
    }

    @Test("However it is cut into pieces, the same requests are found")
    func pieces() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let targets = (0..<1 + random.below(5)).map { "/hst/\($0)" }
            let text = targets.map { target in
                let blank = random.once(in: 4) ? "\r\n" : ""
                return "\(blank)GET \(target) HTTP/1.1\r\nHost: a\r\nX-N: \(target)\r\n\r\n"
            }.joined()
            var rest = Array(text.utf8)[...]
            var reader = RequestReader()
            var found: [String] = []
            while !rest.isEmpty {
                let count = 1 + random.below(min(rest.count, 40))
                reader.append(ByteBuffer(bytes: rest.prefix(count)))
                rest = rest.dropFirst(count)
                search: while true {
                    switch reader.next(limit: Self.limit) {
                    case .nothing: break search
                    case .head(let head):
                        found.append(String(decoding: head.targetBytes, as: UTF8.self))
                    case .fault: try #require(Bool(false), "no request, seed \(seed)")
                    }
                }
            }
            #expect(found == targets, "seed \(seed)")
            #expect(reader.isEmpty)
        }
    }
}
