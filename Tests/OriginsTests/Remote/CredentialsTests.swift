import Glibc
import Origins
import PerigeeTesting
import S3Protocol
import Testing
import VolumeModel

@Suite("Credentials of origins", .timeLimit(.minutes(2)))
struct CredentialsTests {
    private static func file(_ id: String, _ secret: String, token: String? = nil) -> [UInt8] {
        Array(
            """
            # made by hand
            [other]
            aws_access_key_id = nobody
            aws_secret_access_key = nothing
            [default]
            aws_access_key_id=\(id)
              AWS_SECRET_ACCESS_KEY =  \(secret)
            \(token.map { "aws_session_token = \($0)" } ?? "")
            """.utf8)
    }

    private static func write(_ path: String, _ content: [UInt8]) throws {
        try DiskFile.write(path, content)
        #expect(chmod(path, 0o600) == 0)
    }

    /// As the program does it: Origins knows no signatures, and S3Protocol no transfers.
    private static let sign: CredentialsFile.Signature = { credentials, request, time in
        let signer = HeaderSigner(
            accessKeyID: credentials.accessKeyID, region: "us-east-1",
            sessionToken: credentials.sessionToken)
        let target = RequestTarget(
            path: request.path,
            query: request.query.map { RequestTarget.Parameter(name: $0.name, value: $0.value) })
        let fields =
            [S3Request.Field("host", request.authority)]
            + request.fields.map { S3Request.Field($0.name, $0.value) }
        let key = SigningKey(
            secret: Array(credentials.secret.utf8), scope: signer.scope(at: time))
        return signer.fields(
            for: S3Request(method: request.method.rawValue, target: target, fields: fields),
            key: key, at: time
        ).map { HTTPField($0.name, $0.value) }
    }

    @Test func `a file of the usual form is read, and never printed`() throws {
        let credentials = try OriginCredentials(
            parsing: Self.file("AKID", "s3cr3t=", token: "t0ken"), file: "f")
        #expect(credentials.accessKeyID == "AKID")
        #expect(credentials.secret == "s3cr3t=")
        #expect(credentials.sessionToken == "t0ken")
        var text = "\(credentials)\(String(reflecting: credentials))\([credentials])"
        dump(credentials, to: &text)
        #expect(text.contains("AKID") && !text.contains("s3cr3t") && !text.contains("t0ken"))
        let other = try OriginCredentials(
            parsing: Self.file("AKID", "x"), profile: "other", file: "f")
        #expect(other.accessKeyID == "nobody")
        #expect(other.sessionToken == nil)
        let bare = Array("aws_access_key_id = a\naws_secret_access_key = b".utf8)
        #expect(try OriginCredentials(parsing: bare, file: "f").secret == "b")
    }

    @Test(arguments: ["", "[default]\naws_access_key_id = s3cr3t\n", "[x]\na=b", "\u{0}\u{0}"])
    func `a file without a key is refused, and its content is not in the message`(text: String) {
        let error = failure {
            _ = try OriginCredentials(parsing: Array(text.utf8), file: "f")
        }
        #expect(error?.code == .invalidArgument)
        #expect(error.map { "\($0)".contains("s3cr3t") } == false)
    }

    @Test func `a file that others can read is refused`() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/credentials"
            #expect(
                failure { _ = try CredentialsFile(path: path, sign: Self.sign) }?.code
                    == .originDenied)
            try DiskFile.write(path, Self.file("a", "b"))
            #expect(chmod(path, 0o644) == 0)
            let error = failure { _ = try CredentialsFile(path: path, sign: Self.sign) }
            #expect(error?.code == .originDenied)
            #expect(error?.remedy?.contains("chmod") == true)
        }
    }

    @Test(.enabled("needs rclone") { OriginServer.rclone.isThere(for: "CredentialsTests") })
    func `a server that wants a signature gets one, with new credentials once they are there`()
        async throws
    {
        let content = Array("content".utf8)
        try await withTemporaryFolder { folder in
            try DiskFile.makeFolders("\(folder)/data/bucket")
            try DiskFile.makeFolders("\(folder)/scratch")
            try DiskFile.write("\(folder)/data/bucket/a é+&.txt", content)
            let server = try OriginServer.bucketServer(
                of: "\(folder)/data", key: ("AKIDNEW", "new-secret"),
                scratch: "\(folder)/scratch")
            let path = "\(folder)/credentials"
            try Self.write(path, Self.file("AKIDOLD", "old-secret"))
            let origin = try S3Origin(
                endpoint: WebAddress(server.url), bucket: "bucket",
                transport: transport(
                    to: server.url, signer: CredentialsFile(path: path, sign: Self.sign)))
            let refused = await asyncFailure { _ = try await origin.list() }
            #expect(refused?.code == .originDenied, "\(String(describing: refused))")
            #expect(refused?.remedy != nil)
            #expect(refused.map { "\($0)".contains("old-secret") } == false)
            try Self.write(path, Self.file("AKIDNEW", "new-secret"))
            let object = try #require(try await origin.list().first)
            #expect(object.key == Array("a é+&.txt".utf8))
            let bytes = try await origin.bytes("a é+&.txt", version: object.version, range: 1..<4)
            #expect(bytes == Array(content[1..<4]))
        }
    }

    @Test func `expired credentials are read again once, and then it is said what to do`()
        async throws
    {
        let expired =
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 68\r\n\r\n"
            + "<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code></Error>        "
        try await withFaultProxy(before: 1) { server in
            try await withTemporaryFolder { folder in
                let path = "\(folder)/credentials"
                try Self.write(path, Self.file("AKID", "one", token: "t1"))
                let origin = try S3Origin(
                    endpoint: WebAddress(server.url), bucket: "bucket",
                    transport: transport(
                        to: server.url, signer: CredentialsFile(path: path, sign: Self.sign)))
                server.always(.raw(Array(expired.utf8)))
                let version = ObjectVersion(size: 9, etag: "\"x\"")
                func code() async -> PerigeeError? {
                    await asyncFailure { _ = try await origin.bytes("f", version: version) }
                }
                let error = await code()
                #expect(error?.code == .originDenied)
                #expect(error?.remedy?.contains("expired") == true, "\(String(describing: error))")
                // The same ones again are not worth another request.
                #expect(server.requests.count == 1)
                try Self.write(path, Self.file("AKID", "one", token: "t2"))
                #expect(await code()?.code == .originDenied)
                #expect(
                    server.requests.map { $0.field("x-amz-security-token") } == ["t1", "t1", "t2"])
                // A HEAD is told nothing but the status.
                server.always(.status(400, fields: []))
                let told = await asyncFailure { _ = try await origin.stat("f") }
                #expect(told?.code == .originDenied)
            }
        }
    }
}
