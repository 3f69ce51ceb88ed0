import PerigeeTesting
import S3Protocol
import Testing
import VolumeModel

@Suite("Requests that are signed in their header")
struct HeaderSignerTests {
    private static let host = ("host", "examplebucket.s3.amazonaws.com")
    private static let signer = HeaderSigner(
        accessKeyID: ExampleKey.id, region: ExampleKey.region)

    private static func key(_ signer: HeaderSigner = signer, secret: [UInt8] = ExampleKey.secret)
        -> SigningKey
    {
        SigningKey(secret: secret, scope: signer.scope(at: ExampleKey.time))
    }

    /// The Amazon S3 API reference, "Signature Calculations for the Authorization Header", its
    /// examples without a body.
    @Test(
        "are those of AWS's published examples",
        arguments: [
            (
                "/test.txt", "bytes=0-9",
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            ),
            (
                "/?lifecycle", nil,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
            ),
            (
                "/?prefix=J&max-keys=2", nil,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
            ),
        ])
    func published(target: String, range: String?, signature: String) throws {
        // What is not signed may be anything.
        let more = [("If-Match", "\"x\""), ("User-Agent", "y")]
        let request = try S3Request(
            "GET", target, [Self.host] + (range.map { [("Range", $0)] } ?? []) + more)
        let fields = Self.signer.fields(for: request, key: Self.key(), at: ExampleKey.time)
        let names = (range == nil ? "host;" : "host;range;") + "x-amz-content-sha256;x-amz-date"
        #expect(
            fields.last?.value
                == "AWS4-HMAC-SHA256 Credential=\(ExampleKey.id)/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=\(names),Signature=\(signature)")
        #expect(fields.map(\.name) == ["x-amz-content-sha256", "x-amz-date", "Authorization"])
    }

    @Test("verify at our own gateway, for odd keys and queries too")
    func verified() throws {
        var random = SeededRandom(announcing: "HeaderSignerTests")
        let alphabet = Array("aZ09-._~/ +%&=?#é\u{1}".utf8)
        for _ in 0..<200 {
            let path =
                [0x2f] + (0..<random.below(20)).map { _ in random.pick(alphabet.dropLast(3)) }
            let query = (0..<random.below(4)).map { index in
                RequestTarget.Parameter(
                    name: Array("n\(index)".utf8),
                    value: (0..<random.below(9)).map { _ in random.pick(alphabet) })
            }
            let request = S3Request(
                method: random.pick(["GET", "HEAD"]),
                target: RequestTarget(path: path, query: query),
                fields: [S3Request.Field("host", "h:9000")])
            let added = Self.signer.fields(for: request, key: Self.key(), at: ExampleKey.time)
            try S3Request(
                method: request.method, target: request.target, fields: request.fields + added
            ).verify()
        }
    }

    @Test("send and sign the token of temporary credentials, and print none of it")
    func token() throws {
        let signer = HeaderSigner(
            accessKeyID: ExampleKey.id, region: ExampleKey.region, sessionToken: "s3cr3t")
        let request = try S3Request("GET", "/f", [Self.host])
        let fields = signer.fields(for: request, key: Self.key(signer), at: ExampleKey.time)
        #expect(fields.contains(S3Request.Field("x-amz-security-token", "s3cr3t")))
        #expect(fields.last?.value.contains("x-amz-security-token,") == true)
        var text = "\(signer)\(String(reflecting: signer))"
        dump(signer, to: &text)
        #expect(!text.contains("s3cr3t"))
    }
}
