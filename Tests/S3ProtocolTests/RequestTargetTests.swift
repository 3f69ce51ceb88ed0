import S3Protocol
import Testing

@Suite("A request's target")
struct RequestTargetTests {
    @Test("is decoded once")
    func decoding() throws {
        let target = try RequestTarget(parsing: Array("/hst/a%2525+b%20c?prefix=x%2By+z&acl".utf8))
        #expect(String(decoding: target.path, as: UTF8.self) == "/hst/a%25+b c")
        #expect(target.value(of: "prefix") == Array("x+y z".utf8)[...])
        #expect(target.value(of: "acl") == [])
        #expect(target.value(of: "location") == nil)
    }

    @Test(
        "refuses what is no target",
        arguments: [
            "", "hst/k", "*", "ftp://h/k", "/%", "/%4", "/%zz", "/%4g", "/a%", "/?%", "/?a=%f",
            "/%00",
            "/a?b=%00", "/\u{0}", "/%ff", "/%c3", "/%ed%a0%80", "/%c0%af", "/?a=%ff", "/?%ff",
            "/%f4%90%80%80",
        ])
    func invalid(text: String) {
        let refused = s3Failure { _ = try RequestTarget(parsing: Array(text.utf8)) }
        #expect(refused?.code == .invalidURI)
    }

    @Test("refuses bytes that are not UTF-8 as they are")
    func rawBytes() {
        let refused = s3Failure { _ = try RequestTarget(parsing: [0x2f, 0xff]) }
        #expect(refused?.code == .invalidURI)
    }

    @Test(
        "keeps slashes, dots and escapes of escapes as they are",
        arguments: [
            ("//a//b/", "//a//b/"), ("/./a/../b", "/./a/../b"), ("/a%2Fb", "/a/b"),
            ("/%252e", "/%2e"), ("/a+b", "/a+b"), ("/a%3Fb", "/a?b"), ("/", "/"),
        ])
    func paths(text: String, path: String) throws {
        let target = try RequestTarget(parsing: Array(text.utf8))
        #expect(target.path == Array(path.utf8)[...])
        #expect(target.query.isEmpty)
    }

    @Test(
        "takes the path out of an absolute form",
        arguments: [
            ("http://h:9000/a?b", "/a", 1), ("https://h", "/", 0), ("http://h?b=1&c", "/", 2),
        ])
    func absolute(text: String, path: String, count: Int) throws {
        let target = try RequestTarget(parsing: Array(text.utf8))
        #expect(target.path == Array(path.utf8)[...])
        #expect(target.query.count == count)
    }

    @Test("keeps parameters in order, with duplicates and empty ones")
    func parameters() throws {
        let target = try RequestTarget(parsing: Array("/?b=2&a=1&&b=&=x&a==".utf8))
        let pairs = target.query.map { [$0.name, $0.value] }
        #expect(
            pairs
                == [["b", "2"], ["a", "1"], ["b", ""], ["", "x"], ["a", "="]].map {
                    $0.map { Array($0.utf8) }
                })
    }

    @Test("bounds its length and the number of its parameters")
    func bounds() throws {
        let most = Array(repeating: "a=1", count: RequestTarget.mostParameters)
        #expect(
            try RequestTarget(parsing: Array(("/?" + most.joined(separator: "&")).utf8))
                .query.count == 256)
        let many = Array(repeating: "a=1", count: 1_000).joined(separator: "&")
        #expect(
            s3Failure { _ = try RequestTarget(parsing: Array("/?\(many)".utf8)) }?.code
                == .invalidURI
        )
        let long = [UInt8](repeating: 0x2f, count: RequestTarget.longest)
        #expect(try RequestTarget(parsing: long).path.count == RequestTarget.longest)
        #expect(s3Failure { _ = try RequestTarget(parsing: long + [0x2f]) }?.code == .invalidURI)
    }
}
