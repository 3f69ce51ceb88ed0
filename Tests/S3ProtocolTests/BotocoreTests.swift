import PerigeeTesting
import S3Protocol
import Testing

@Suite("Requests that botocore signs")
struct BotocoreTests {
    @Test("verify, whatever is in keys, queries and fields", arguments: SignedVector.all)
    func verify(vector: SignedVector) throws {
        try vector.request.verify()
    }

    @Test("are those that the fixture is meant to have")
    func count() { #expect(SignedVector.all.count > 100) }

    @Test("are refused with another secret, telling what was signed", arguments: SignedVector.all)
    func otherSecret(vector: SignedVector) throws {
        let refused = s3Failure { try vector.request.verify(secret: Array("another".utf8)) }
        #expect(refused?.code == .signatureDoesNotMatch)
        #expect(refused?.detail("CanonicalRequest")?.hasPrefix(vector.request.method) == true)
    }

    @Test("are refused once anything they sign is changed")
    func mutations() throws {
        var random = SeededRandom(announcing: "mutations of signed requests")
        let vectors = SignedVector.all
        for _ in 0..<4_000 {
            let request = random.pick(vectors).request
            let changed = RequestMutation.any(of: request, &random)
            guard changed.canonicalParts != request.canonicalParts else { continue }
            do {
                try changed.verify()
                let parts = Set(request.canonicalParts)
                let new = changed.canonicalParts.filter { !parts.contains($0) }
                    .map { String(decoding: $0, as: UTF8.self) }
                Issue.record("verifies with \(new) in the place of what was signed")
            } catch {
                // Whichever code it is, the request is refused.
            }
        }
    }
}

/// Changes to a request that its signature covers.
private enum RequestMutation {
    static func any(of request: S3Request, _ random: inout SeededRandom) -> S3Request {
        var method = request.method
        var path = Array(request.target.path)
        var query = request.target.query
        var fields = request.fields
        switch random.below(6) {
        case 0: method = random.pick(["PUT", "DELETE", "HEAD", "GET", "get", "POST"])
        case 1: path = bytes(path, &random)
        case 2 where !query.isEmpty:
            let index = random.below(query.count)
            let old = query[index]
            query[index] =
                random.once(in: 2)
                ? .init(name: bytes(old.name, &random), value: old.value)
                : .init(name: old.name, value: bytes(old.value, &random))
        case 3: query.append(.init(name: random.bytes(3), value: random.bytes(2)))
        case 4 where !query.isEmpty: query.remove(at: random.below(query.count))
        default:
            let index = random.below(fields.count)
            let old = fields[index]
            fields[index] = .init(
                old.name, String(decoding: bytes(Array(old.value.utf8), &random), as: UTF8.self))
        }
        return S3Request(
            method: method, target: RequestTarget(path: path, query: query), fields: fields)
    }

    private static func bytes(_ old: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = old
        switch random.below(3) {
        case 0 where !bytes.isEmpty: bytes.remove(at: random.below(bytes.count))
        case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        default: bytes.insert(UInt8(33 + random.below(90)), at: random.below(bytes.count + 1))
        }
        return bytes
    }
}

extension S3Request {
    /// What a signature covers, in a form in which requests that mean the same are the same.
    fileprivate var canonicalParts: [[UInt8]] {
        let parameters = target.query.map { parameter in
            let isSignature = parameter.name.elementsEqual("X-Amz-Signature".utf8)
            let value = String(decoding: parameter.value, as: UTF8.self)
            return parameter.name + [0]
                + (isSignature ? Array(value.lowercased().utf8) : parameter.value)
        }
        .sorted { $0.lexicographicallyPrecedes($1) }
        // Spaces at the ends and in rows mean nothing in a field, nor does the case of a digit in
        // the signature; `Authorization` has spaces and empty parts of its own to ignore.
        let words = fields.map { field in
            let value = field.value.replacing(",", with: " , ").split { $0 == " " || $0 == "\t" }
            let isAuthorization = field.name.lowercased() == "authorization"
            let text = value.filter { !isAuthorization || $0 != "," }.joined(separator: " ")
            return Array((isAuthorization ? text.lowercased() : text).utf8)
        }
        return [Array(method.utf8), Array(target.path)] + parameters + words
    }
}
