import S3Protocol
import Testing
import VolumeModel

/// A change to a request, with what it is refused for then.
struct Refusal: CustomTestStringConvertible, Sendable {
    let name: String
    let edit: @Sendable (S3Request) throws -> S3Request
    let code: S3ErrorCode
    let message: String
    var details: [S3Failure.Detail] = []

    var testDescription: String { name }

    init(
        _ name: String, _ code: S3ErrorCode, _ message: String, details: [(String, String)] = [],
        _ edit: @escaping @Sendable (S3Request) throws -> S3Request
    ) {
        self.name = name
        self.code = code
        self.message = message
        self.details = details.map { S3Failure.Detail($0, $1) }
        self.edit = edit
    }

    func check(_ request: S3Request) throws {
        let changed = try edit(request)
        let refused = s3Failure { try changed.verify() }
        #expect(refused?.code == code)
        #expect(refused?.message.contains(message) == true, "\(refused?.message ?? "")")
        for detail in details { #expect(refused?.detail(detail.name) == detail.value) }
    }
}

@Suite("A signature in the Authorization field")
struct HeaderRefusalTests {
    static let request = SignedVector.all.first { $0.name == "path get plain" }?.request

    private static let components = "requires three components: Credential, SignedHeaders, and"
    private static let mechanism = "not supported. Please use AWS4-HMAC-SHA256."
    private static let oneMechanism = "Only one auth mechanism allowed"
    private static let date = "requires a valid Date or x-amz-date header"
    private static let scope = "/20130524/us-east-1/s3/aws4_request"

    static let refusals: [Refusal] = [
        Refusal("no Credential", .authorizationHeaderMalformed, components) {
            $0.editing("Credential=", "Credentials=")
        },
        Refusal("no Signature", .authorizationHeaderMalformed, components) {
            $0.editing(", Signature=", ", ")
        },
        Refusal("an empty Signature", .authorizationHeaderMalformed, components) {
            $0.with("Authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=")
        },
        Refusal("a part twice", .authorizationHeaderMalformed, components) {
            $0.editing(", Signature=", ", Signature=00, Signature=")
        },
        Refusal("a part that is not known", .authorizationHeaderMalformed, components) {
            $0.editing(", Signature=", ", Other=1, Signature=")
        },
        Refusal("the scheme alone", .authorizationHeaderMalformed, components) {
            $0.with("Authorization", "AWS4-HMAC-SHA256")
        },
        Refusal("a scope of three parts", .authorizationHeaderMalformed, "is mal-formed") {
            $0.editing(scope, "/20130524/s3/aws4_request")
        },
        Refusal("no access key", .authorizationHeaderMalformed, "is mal-formed") {
            $0.editing("Credential=\(ExampleKey.id)/", "Credential=/")
        },
        Refusal("a day of seven digits", .authorizationHeaderMalformed, "date format \"2013052\"") {
            $0.editing("/20130524/", "/2013052/")
        },
        Refusal("another service", .authorizationHeaderMalformed, "incorrect service \"ec2\"") {
            $0.editing("/s3/", "/ec2/")
        },
        Refusal("another end", .authorizationHeaderMalformed, "incorrect terminal \"aws4\"") {
            $0.editing("/aws4_request", "/aws4")
        },
        Refusal(
            "another day than x-amz-date's", .authorizationHeaderMalformed,
            "Invalid credential date \"20130523\""
        ) { $0.editing("/20130524/", "/20130523/") },
        Refusal(
            "another region", .authorizationHeaderMalformed,
            "the region 'eu-west-1' is wrong; expecting 'us-east-1'",
            details: [("Region", "us-east-1")]
        ) { $0.editing("/us-east-1/", "/eu-west-1/") },
        Refusal("Signature Version 2", .invalidRequest, mechanism) {
            $0.with("Authorization", "AWS \(ExampleKey.id):frJIUN8DYpKDtOLCwo//yllqDzg=")
        },
        Refusal("an elliptic curve", .invalidRequest, mechanism) {
            $0.editing("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
        },
        Refusal(
            "another scheme", .invalidArgument, "Please use AWS4-HMAC-SHA256",
            details: [("ArgumentValue", "Bearer")]
        ) { $0.with("Authorization", "Bearer secret") },
        Refusal("two of them", .invalidArgument, oneMechanism) {
            $0.adding("authorization", $0.field("authorization") ?? "")
        },
        Refusal("a presigned URL too", .invalidArgument, oneMechanism) {
            try S3Request($0.method, "/hst/k?X-Amz-Algorithm=AWS4-HMAC-SHA256", []).taking($0)
        },
        Refusal("Signature Version 2 too", .invalidArgument, oneMechanism) {
            try S3Request($0.method, "/hst/k?Signature=abc", []).taking($0)
        },
        Refusal("no date", .accessDenied, date) { $0.with("x-amz-date", nil) },
        Refusal("two dates", .accessDenied, date) { $0.adding("X-Amz-Date", "20130524T000000Z") },
        Refusal("a day that does not exist", .accessDenied, date) {
            $0.with("x-amz-date", "20130532T000000Z")
        },
        Refusal("a date in another form", .accessDenied, date) {
            $0.with("x-amz-date", "2013-05-24T00:00:00Z")
        },
        Refusal("a Date that is none", .accessDenied, date) {
            $0.with("x-amz-date", nil).adding("Date", "Fri, 24 Mai 2013 00:00:00 GMT")
        },
        Refusal("no hash of the body", .invalidRequest, "Missing required header") {
            $0.with("x-amz-content-sha256", nil)
        },
        Refusal("no true hash of the body", .invalidArgument, "x-amz-content-sha256 must be") {
            $0.with("x-amz-content-sha256", "e3b0")
        },
        Refusal("two hashes of the body", .invalidArgument, "x-amz-content-sha256 must be") {
            $0.adding("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        },
        Refusal("an unknown streaming name", .invalidArgument, "x-amz-content-sha256 must be") {
            $0.with("x-amz-content-sha256", "STREAMING-ANYTHING")
        },
        Refusal("another hash of the body than was signed", .signatureDoesNotMatch, "not match") {
            $0.with("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        },
        Refusal(
            "a field of Amazon's that is not signed", .accessDenied, "which were not signed",
            details: [("HeadersNotSigned", "x-amz-meta-color, content-md5")]
        ) { $0.adding("X-Amz-Meta-Color", "red").adding("Content-MD5", "x") },
        Refusal(
            "a host that is not signed", .accessDenied, "which were not signed",
            details: [("HeadersNotSigned", "host")]
        ) { $0.editing("SignedHeaders=host;", "SignedHeaders=") },
        Refusal("a list with an empty name", .authorizationHeaderMalformed, "SignedHeaders must") {
            $0.editing("SignedHeaders=host;", "SignedHeaders=host;;")
        },
        Refusal("a list with a name twice", .authorizationHeaderMalformed, "SignedHeaders must") {
            $0.editing("SignedHeaders=host;", "SignedHeaders=host;range;host;")
        },
        Refusal("a list with a capital", .authorizationHeaderMalformed, "SignedHeaders must") {
            $0.editing("SignedHeaders=host;", "SignedHeaders=Host;")
        },
        Refusal("a list with a colon", .authorizationHeaderMalformed, "SignedHeaders must") {
            $0.editing("SignedHeaders=host;", "SignedHeaders=host:x;host;")
        },
        Refusal("a token with a key that has none", .invalidToken, "token") {
            $0.adding("X-Amz-Security-Token", "x")
        },
        Refusal("a signature that is no digits", .signatureDoesNotMatch, "does not match") {
            $0.editing("Signature=", "Signature=x")
        },
        Refusal("another host", .signatureDoesNotMatch, "does not match") {
            $0.with("Host", "127.0.0.1:9001")
        },
    ]

    @Test("is refused as S3 refuses it", arguments: refusals)
    func refusal(refusal: Refusal) throws {
        try refusal.check(try #require(Self.request))
    }

    @Test("may have its parts in any order, with any spaces")
    func order() throws {
        let request = try #require(Self.request)
        let parts = try #require(request.field("authorization")).split(separator: " ")
            .map { String($0.replacing(",", with: "")) }
        let edited = "\(parts[0])  \(parts[3]) ,\t\(parts[1]),\(parts[2]),"
        try request.with("Authorization", edited).verify()
        let capitals = parts[3].prefix(10) + parts[3].dropFirst(10).uppercased()
        try request.editing(parts[3], String(capitals)).verify()
    }

    @Test("is good for 15 minutes either way")
    func skew() throws {
        let request = try #require(Self.request)
        for seconds: Int64 in [-900, 900] {
            try request.verify(at: ExampleKey.time.adding(seconds: seconds))
        }
        let refused = s3Failure { try request.verify(at: ExampleKey.time.adding(seconds: 901)) }
        #expect(refused?.code == .requestTimeTooSkewed)
        #expect(refused?.detail("RequestTime") == "20130524T000000Z")
        #expect(refused?.detail("ServerTime") == "2013-05-24T00:15:01Z")
        #expect(refused?.detail("MaxAllowedSkewMilliseconds") == "900000")
        let early = s3Failure { try request.verify(at: ExampleKey.time.adding(seconds: -901)) }
        #expect(early?.code == .requestTimeTooSkewed)
    }

    @Test("that does not match is told with what the client sent, and no more")
    func mismatch() throws {
        let request = try #require(Self.request).with("Range", "bytes=0-10")
        let refused = try #require(s3Failure { try request.verify() })
        let canonical = try #require(refused.detail("CanonicalRequest"))
        #expect(
            canonical == """
                GET
                /hst/public/j8pu0y010_drz.fits

                host:127.0.0.1:9000
                range:bytes=0-10
                x-amz-checksum-mode:ENABLED
                x-amz-content-sha256:\(PayloadHash.ofNothing)
                x-amz-date:20130524T000000Z

                host;range;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date
                \(PayloadHash.ofNothing)
                """)
        #expect(refused.detail("CanonicalRequestBytes")?.hasPrefix("47 45 54 0a 2f 68") == true)
        #expect(refused.detail("AWSAccessKeyId") == ExampleKey.id)
        #expect(
            refused.detail("StringToSign")?.hasPrefix(
                "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n") == true)
        #expect(refused.detail("StringToSignBytes")?.hasPrefix("41 57 53 34") == true)
        #expect(refused.detail("SignatureProvided")?.count == 64)
        for detail in refused.details { #expect(!detail.value.contains("wJalr")) }
    }

    @Test("asks for the key only where region and time are right")
    func laziness() throws {
        let request = try #require(Self.request)
        let claim = try #require(try SignatureClaim(of: request))
        var count = 0
        func key() -> SigningKey {
            count += 1
            return SigningKey(secret: ExampleKey.secret, scope: claim.scope)
        }
        _ = s3Failure {
            try claim.check(
                request, region: "x", at: ExampleKey.time, hasBody: false, key: key)
        }
        _ = s3Failure {
            try claim.check(
                request, region: "us-east-1", at: .init(nanoseconds: 0), hasBody: false,
                key: key)
        }
        #expect(count == 0)
        try claim.check(
            request, region: "us-east-1", at: ExampleKey.time, hasBody: false, key: key)
        #expect(count == 1)
    }

    @Test("that is not there or empty makes a request anonymous")
    func anonymous() throws {
        #expect(try SignatureClaim(of: S3Request("GET", "/hst/k", [("Host", "h")])) == nil)
        let empty = [("Authorization", ""), ("X-Amz-Date", "x"), ("X-Amz-Security-Token", "t")]
        #expect(try SignatureClaim(of: S3Request("GET", "/?list-type=2", empty)) == nil)
    }

    @Test("comes from a key that does not print")
    func printing() {
        let key = SigningKey(
            secret: ExampleKey.secret, scope: CredentialScope(date: "20130524", region: "r"))
        #expect("\(key) \(String(reflecting: key))" == "*** ***")
        #expect(Mirror(reflecting: key).children.isEmpty)
    }
}

extension S3Request {
    /// This target with another request's fields.
    fileprivate func taking(_ other: S3Request) -> S3Request {
        S3Request(method: method, target: target, fields: other.fields)
    }
}
