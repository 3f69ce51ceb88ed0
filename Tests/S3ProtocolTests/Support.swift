import S3Protocol
import Testing
import VolumeModel

/// The access key of AWS's own examples.
enum ExampleKey {
    static let id = "AKIAIOSFODNN7EXAMPLE"
    static let secret = Array("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".utf8)
    static let region = "us-east-1"
    /// 2013-05-24T00:00:00Z, when they were signed.
    static let time = Timestamp(nanoseconds: 1_369_353_600_000_000_000)
}

extension RequestTarget {
    /// Reads a target from bytes that are nothing else.
    init(parsing text: [UInt8]) throws(S3Failure) { try self.init(parsing: text[...]) }
}

extension S3Request {
    /// A request from a target as it stands in the request line.
    init(_ method: String, _ target: String, _ fields: [(String, String)]) throws {
        self.init(
            method: method, target: try RequestTarget(parsing: Array(target.utf8)),
            fields: fields.map { Field($0.0, $0.1) })
    }

    /// The same request with a field in the place of those of its name, or without them.
    func with(_ name: String, _ value: String?) -> S3Request {
        var fields = fields.filter { $0.name.lowercased() != name.lowercased() }
        if let value { fields.append(Field(name, value)) }
        return S3Request(method: method, target: target, fields: fields)
    }

    /// The same request with one more field.
    func adding(_ name: String, _ value: String) -> S3Request {
        S3Request(method: method, target: target, fields: fields + [Field(name, value)])
    }

    /// The same request with its `Authorization` field edited.
    func editing(_ old: String, _ new: String) -> S3Request {
        with("Authorization", field("authorization")?.replacing(old, with: new))
    }

    /// Reads the claim and checks it as a gateway does that knows the key of AWS's examples.
    func verify(
        at now: Timestamp = ExampleKey.time, secret: [UInt8] = ExampleKey.secret,
        region: String = ExampleKey.region, hasBody: Bool = false
    ) throws(S3Failure) {
        guard let claim = try SignatureClaim(of: self) else {
            throw S3Failure(.accessDenied, "anonymous")
        }
        guard claim.accessKeyID == ExampleKey.id else { throw S3Failure(.invalidAccessKeyId) }
        try claim.check(self, region: region, at: now, hasBody: hasBody) {
            SigningKey(secret: secret, scope: claim.scope)
        }
    }
}

extension Timestamp {
    /// So many seconds later.
    func adding(seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: nanoseconds + seconds * 1_000_000_000)
    }
}

extension S3Failure {
    /// The text of a detail, or nil.
    func detail(_ name: String) -> String? { details.first { $0.name == name }?.value }
}

/// The failure that `body` throws; a test fails where it throws none.
func s3Failure(
    _ sourceLocation: SourceLocation = #_sourceLocation, of body: () throws -> Void
) -> S3Failure? {
    let error = #expect(throws: S3Failure.self, sourceLocation: sourceLocation) { try body() }
    return error
}
