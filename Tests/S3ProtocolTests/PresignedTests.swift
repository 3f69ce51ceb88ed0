import S3Protocol
import Testing
import VolumeModel

@Suite("A presigned URL")
struct PresignedTests {
    static let presigner = Presigner(
        endpoint: .init(scheme: "http", host: "127.0.0.1", port: 9000), region: "us-east-1",
        accessKeyID: ExampleKey.id)

    /// The request that a client makes of a URL of ours.
    static func request(of url: String, method: String = "GET") throws -> S3Request {
        let rest = try #require(url.firstRange(of: "://")).upperBound
        let slash = try #require(url[rest...].firstIndex(of: "/"))
        return try S3Request(
            method, String(url[slash...]), [("Host", String(url[rest..<slash]))])
    }

    static func presigned(
        key: String = "a/b.fits", expires: Int = 60,
        parameters: [RequestTarget.Parameter] = []
    ) throws -> S3Request {
        try request(
            of: presigner.url(
                bucket: "hst", key: Array(key.utf8), secret: ExampleKey.secret,
                at: ExampleKey.time, expires: expires, parameters: parameters))
    }

    /// The request with a parameter of another value, or without it.
    private static func changing(_ name: String, _ value: String?)
        -> @Sendable (S3Request) ->
        S3Request
    {
        { request in
            let query = request.target.query.compactMap { old -> RequestTarget.Parameter? in
                guard old.name.elementsEqual(name.utf8) else { return old }
                return value.map { .init(name: old.name, value: Array($0.utf8)) }
            }
            return request.with(query: query)
        }
    }

    private static func adding(_ name: String, _ value: String)
        -> @Sendable (S3Request) ->
        S3Request
    {
        { request in
            let added = RequestTarget.Parameter(name: Array(name.utf8), value: Array(value.utf8))
            return request.with(query: request.target.query + [added])
        }
    }

    private static let required = "Query-string authentication version 4 requires the"
    private static let own = [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature",
    ]
    private static func malformed(
        _ name: String, _ message: String, details: [(String, String)] = [],
        _ edit: @escaping @Sendable (S3Request) throws -> S3Request
    ) -> Refusal {
        Refusal(name, .authorizationQueryParametersError, message, details: details, edit)
    }
    private static func credential(_ text: String) -> @Sendable (S3Request) -> S3Request {
        changing("X-Amz-Credential", text)
    }

    static let refusals: [Refusal] =
        own.map { malformed("without \($0)", required, changing($0, nil)) }
        + own.map { malformed("with \($0) twice", "must be given once", adding($0, "x")) }
        + [
            malformed(
                "with another algorithm", "only supports \"AWS4-HMAC-SHA256\"",
                changing("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256")),
            malformed(
                "with a date in another form", "ISO8601 Long Format",
                changing("X-Amz-Date", "2013-05-24T00:00:00Z")),
            malformed(
                "good for more than a week", "less than a week",
                changing("X-Amz-Expires", "604801")),
            malformed(
                "good for longer than 64 bits", "less than a week",
                changing("X-Amz-Expires", "99999999999999999999")),
            malformed("good for no time", "at least 1", changing("X-Amz-Expires", "0")),
            malformed(
                "good for less than no time", "non-negative", changing("X-Amz-Expires", "-1")),
            malformed("good for 1h", "should be a number", changing("X-Amz-Expires", "1h")),
            malformed(
                "with a credential of two parts",
                "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed",
                credential("a/b")),
            malformed(
                "of another service", "incorrect service \"ec2\"",
                credential("a/20130524/us-east-1/ec2/aws4_request")),
            malformed(
                "of another day", "Invalid credential date \"20130525\"",
                credential("a/20130525/us-east-1/s3/aws4_request")),
            malformed(
                "of another region", "the region 'r' is wrong; expecting 'us-east-1'",
                details: [("Region", "us-east-1")],
                credential("\(ExampleKey.id)/20130524/r/s3/aws4_request")),
            malformed(
                "with an empty name signed", "SignedHeaders must",
                changing("X-Amz-SignedHeaders", "host;")),
            malformed(
                "with a line's end in a name", "SignedHeaders must",
                changing("X-Amz-SignedHeaders", "host;x\ny")),
            Refusal("with a token", .invalidToken, "token", adding("X-Amz-Security-Token", "x")),
            Refusal("with a token field", .invalidToken, "token") {
                $0.adding("x-amz-security-token", "x")
            },
            Refusal(
                "with Signature Version 2 too", .invalidArgument, "Only one auth",
                adding("Signature", "x")),
            Refusal(
                "without the host signed", .accessDenied, "which were not signed",
                details: [("HeadersNotSigned", "host")],
                changing("X-Amz-SignedHeaders", "range")),
            Refusal(
                "with an unsigned field of Amazon's", .accessDenied, "which were not signed",
                details: [("HeadersNotSigned", "x-amz-acl")]
            ) { $0.adding("x-amz-acl", "private") },
            Refusal("with an unsigned hash of the body", .signatureDoesNotMatch, "does not match") {
                $0.adding("x-amz-content-sha256", "\(PayloadHash.ofNothing)")
            },
            Refusal("with a hash that is none", .invalidArgument, "x-amz-content-sha256 must be") {
                $0.adding("x-amz-content-sha256", "x")
            },
            Refusal(
                "with one more parameter", .signatureDoesNotMatch, "does not match",
                adding("versionId", "null")),
            Refusal("with another method", .signatureDoesNotMatch, "does not match") {
                S3Request(method: "HEAD", target: $0.target, fields: $0.fields)
            },
            Refusal("of Signature Version 2", .invalidRequest, "Please use AWS4-HMAC-SHA256") { _ in
                try S3Request("GET", "/hst/k?AWSAccessKeyId=A&Expires=1&Signature=x", [])
            },
        ]

    @Test("is refused as S3 refuses it", arguments: refusals)
    func refusal(refusal: Refusal) throws { try refusal.check(try Self.presigned()) }

    @Test(
        "of ours verifies, whatever is in the key",
        arguments: [
            "a b+c%2F~*'()/", "M\u{fc}nchen/\u{661f}.fits", "//a//", "?&=#",
            String(repeating: "k", count: 1_024),
        ])
    func ours(key: String) throws {
        let request = try Self.presigned(
            key: key,
            parameters: [
                .init(name: Array("response-content-type".utf8), value: Array("a/b c".utf8))
            ])
        #expect(Array(request.target.path) == Array("/hst/\(key)".utf8))
        #expect(
            request.target.value(of: "response-content-type")?.elementsEqual("a/b c".utf8) == true)
        try request.verify()
    }

    @Test("of ours is the one that botocore makes")
    func likeBotocore() throws {
        let vector = try #require(SignedVector.all.first { $0.name == "path presigned plain" })
        let ours = try Self.presigned(
            key: "public/j8pu0y010_drz.fits", expires: 604_800,
            parameters: [
                .init(
                    name: Array("response-content-disposition".utf8),
                    value: Array("attachment; filename=\"a b+c.fits\"".utf8))
            ])
        #expect(
            ours.target.value(of: "X-Amz-Signature")
                == vector.request.target.value(of: "X-Amz-Signature"))
    }

    @Test(
        "names its host as clients send it",
        arguments: [
            (
                Presigner.Endpoint(scheme: "https", host: "s3.example.org", port: 443),
                "s3.example.org"
            ),
            (
                Presigner.Endpoint(scheme: "http", host: "s3.example.org", port: 443),
                "s3.example.org:443"
            ),
            (Presigner.Endpoint(scheme: "http", host: "::1", port: 9000), "[::1]:9000"),
            (Presigner.Endpoint(scheme: "http", host: "h"), "h"),
        ])
    func authority(endpoint: Presigner.Endpoint, expected: String) {
        #expect(endpoint.authority == expected)
    }

    @Test("is not made for less than a second or more than a week", arguments: [0, -1, 604_801])
    func bounds(expires: Int) {
        let error = #expect(throws: PerigeeError.self) {
            try Self.presigned(expires: expires)
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("is good from its time on, with 15 minutes for the clocks, until it expires")
    func times() throws {
        let request = try Self.presigned(expires: 60)
        for seconds: Int64 in [-900, 0, 60] {
            try request.verify(at: ExampleKey.time.adding(seconds: seconds))
        }
        let late = s3Failure {
            try request.verify(
                at: Timestamp(nanoseconds: ExampleKey.time.nanoseconds + 60_000_000_001))
        }
        #expect(late?.code == .accessDenied)
        #expect(late?.message == "Request has expired")
        #expect(late?.detail("X-Amz-Expires") == "60")
        #expect(late?.detail("Expires") == "2013-05-24T00:01:00Z")
        #expect(late?.detail("ServerTime") == "2013-05-24T00:01:00Z")
        let early = s3Failure { try request.verify(at: ExampleKey.time.adding(seconds: -901)) }
        #expect(early?.code == .accessDenied)
        #expect(early?.message == "Request is not yet valid")
        #expect(early?.detail("X-Amz-Date") == "20130524T000000Z")
    }
}

extension S3Request {
    /// This request with another query.
    fileprivate func with(query: [RequestTarget.Parameter]) -> S3Request {
        S3Request(
            method: method, target: RequestTarget(path: target.path, query: query), fields: fields)
    }
}
