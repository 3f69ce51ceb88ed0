import S3Protocol
import Testing

@Suite("Response overrides")
struct ResponseOverrideTests {
    @Test("are read from the query, each into its field")
    func reading() throws {
        let request = try S3Request(
            "GET",
            "/hst/k?response-content-type=text/plain&response-content-language=de&response-expires=0"
                + "&response-cache-control=no-store&response-content-encoding=gzip"
                + "&response-content-disposition=attachment;%20filename%3D%22a%20b%22&other=1", [])
        let fields = try ResponseOverrides(of: request, isAnonymous: false).fields
        #expect(
            fields.map { "\($0.name): \($0.value)" } == [
                "Content-Type: text/plain", "Content-Language: de", "Expires: 0",
                "Cache-Control: no-store", "Content-Disposition: attachment; filename=\"a b\"",
                "Content-Encoding: gzip",
            ])
    }

    @Test("are none where none are asked for", arguments: ["/hst/k", "/hst/k?response-expires="])
    func none(target: String) throws {
        let request = try S3Request("GET", target, [])
        #expect(try ResponseOverrides(of: request, isAnonymous: false).fields.isEmpty)
    }

    @Test("are refused to anonymous requests, also where they are empty")
    func anonymous() throws {
        let request = try S3Request("GET", "/hst/k?response-content-type=", [])
        let refused = s3Failure { _ = try ResponseOverrides(of: request, isAnonymous: true) }
        #expect(refused?.code == .invalidRequest)
        #expect(refused?.message.contains("cannot be used for anonymous GET requests") == true)
        let plain = try S3Request("GET", "/hst/k?versionId=null", [])
        #expect(try ResponseOverrides(of: plain, isAnonymous: true).fields.isEmpty)
    }

    @Test(
        "hold nothing that would begin another field or is none of ISO 8859-1",
        arguments: [
            "a%0d%0aSet-Cookie:x", "a%0a", "%0d", "%09", "%7f", "%1f", "%c2%85", "%e6%98%9f",
        ])
    func controls(value: String) throws {
        let request = try S3Request("GET", "/hst/k?response-content-disposition=\(value)", [])
        let refused = s3Failure { _ = try ResponseOverrides(of: request, isAnonymous: false) }
        #expect(refused?.code == .invalidArgument)
        #expect(refused?.detail("ArgumentName") == "response-content-disposition")
    }
}
