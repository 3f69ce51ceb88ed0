import S3Protocol
import Testing
import VolumeModel

/// The Amazon S3 API reference, "Signature Calculations for the Authorization Header", its examples,
/// and "Authenticating Requests: Using Query Parameters".
@Suite("AWS's published examples verify")
struct PublishedExampleTests {
    private static let host = ("Host", "examplebucket.s3.amazonaws.com")
    private static let scope = "20130524/us-east-1/s3/aws4_request"

    private static func fields(
        _ signedHeaders: String, _ signature: String, _ more: [(String, String)] = [],
        payload: String = "\(PayloadHash.ofNothing)"
    ) -> [(String, String)] {
        [
            host, ("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", payload),
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(ExampleKey.id)/\(scope),"
                    + "SignedHeaders=\(signedHeaders),Signature=\(signature)"
            ),
        ] + more
    }

    @Test("GET object with a range")
    func object() throws {
        let request = try S3Request(
            "GET", "/test.txt",
            Self.fields(
                "host;range;x-amz-content-sha256;x-amz-date",
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
                [("Range", "bytes=0-9")]))
        try request.verify()
        let claim = try #require(try SignatureClaim(of: request))
        #expect(claim.accessKeyID == ExampleKey.id)
        #expect(claim.scope == CredentialScope(date: "20130524", region: "us-east-1"))
        #expect(claim.time.timestamp == ExampleKey.time)
        #expect(claim.kind == .header)
        #expect(claim.payload == .sha256(Array("\(PayloadHash.ofNothing)".utf8)[...]))
    }

    @Test("PUT object with a Date field and a dollar sign in the key")
    func putObject() throws {
        let request = try S3Request(
            "PUT", "/test%24file.text",
            Self.fields(
                "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
                [
                    ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ], payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"))
        try request.verify(hasBody: true)
        let refused = s3Failure { try request.verify(hasBody: false) }
        #expect(refused?.code == .contentSHA256Mismatch)
    }

    @Test(
        "GET bucket lifecycle, and list objects",
        arguments: [
            ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            (
                "/?max-keys=2&prefix=J",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
            ),
            (
                "/?prefix=J&max-keys=2",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
            ),
        ])
    func bucket(target: String, signature: String) throws {
        let fields = Self.fields("host;x-amz-content-sha256;x-amz-date", signature)
        try S3Request("GET", target, fields).verify()
    }

    @Test("PUT object in chunks, whose seed is an ordinary signature")
    func streaming() throws {
        let request = try S3Request(
            "PUT", "/examplebucket/chunkObject.txt",
            [
                ("Host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                ("Content-Encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
                ("Content-Length", "66824"),
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=\(ExampleKey.id)/\(Self.scope),SignedHeaders="
                        + "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                        + "x-amz-decoded-content-length;x-amz-storage-class,Signature="
                        + "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
                ),
            ])
        try request.verify(hasBody: true)
    }

    @Test("A presigned URL")
    func presigned() throws {
        let target =
            "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\(ExampleKey.id)"
            + "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
            + "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
            + "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        let request = try S3Request("GET", target, [Self.host])
        try request.verify()
        try request.verify(at: ExampleKey.time.adding(seconds: 86_400))
        #expect(try SignatureClaim(of: request)?.kind == .presigned(expires: 86_400))
    }
}
