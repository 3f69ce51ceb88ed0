import Glibc
import PerigeeTesting
import Testing
import VolumeModel

@testable import Origins

@Suite("Listings of origins", .timeLimit(.minutes(2)))
struct ListingTests {
    // MARK: Buckets

    private static func page(_ inside: String, root: String = "ListBucketResult") -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <\(root) xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\(inside)</\(root)>
            """.utf8)
    }

    private static func contents(_ key: String, size: String = "1", more: String = "") -> String {
        "<Contents><Key>\(key)</Key><Size>\(size)</Size>\(more)</Contents>"
    }

    @Test func `a page of a bucket is read`() throws {
        let more = """
            <LastModified>2024-01-31T12:00:00.123Z</LastModified><ETag>&quot;abc-2&quot;</ETag>\
            <Owner><ID>x</ID><DisplayName>y</DisplayName></Owner>
            """
        let page = try S3ListingPage(
            parsing: Self.page(
                Self.contents("a%2Fb+c%2B%FF", size: "5000000000", more: more)
                    + "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>"
                    + "<EncodingType>url</EncodingType>"), subject: "it")
        #expect(page.isTruncated)
        #expect(page.next == Array("t&1".utf8))
        let object = try #require(page.objects.first)
        #expect(object.key == Array("a/b c+".utf8) + [0xff])
        #expect(
            object.version
                == ObjectVersion(
                    size: 5_000_000_000,
                    modified: try Timestamp(parsing: "2024-01-31T12:00:00.123Z"), etag: "\"abc-2\"")
        )
    }

    @Test(arguments: [
        "", "no XML", "<a>", "<Error><Code>AccessDenied</Code></Error>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult>&a;</ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key><Size>1</Size>"
            + "</Contents></ListBucketResult>",
        "<ListBucketResult>" + String(repeating: "<x>", count: 5_000),
        "<ListBucketResult><x>" + String(repeating: "y", count: 20_000) + "</x></ListBucketResult>",
    ])
    func `what is no page of a bucket is refused`(text: String) {
        let error = failure { _ = try S3ListingPage(parsing: Array(text.utf8), subject: "it") }
        #expect(error?.code == .originUnavailable)
    }

    /// Answers lists with pages that a test makes.
    private func list(_ pages: [String]) async throws -> (objects: [OriginObject], PerigeeError?) {
        try await withFaultProxy(before: 1) { server in
            for page in pages {
                let body = String(decoding: Self.page(page), as: UTF8.self)
                server.next(
                    .raw(
                        Array(
                            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                                .utf8)))
            }
            server.always(.status(404, fields: []))
            let origin = try S3Origin(
                endpoint: WebAddress(server.url), bucket: "bucket",
                transport: transport(to: server.url))
            var objects: [OriginObject] = []
            let error = await asyncFailure {
                var token: ListingToken?
                repeat {
                    let page = try await origin.list(prefix: [], continuing: token)
                    objects += page.objects
                    token = page.next
                } while token != nil
            }
            return (objects, error)
        }
    }

    private static let more = "<IsTruncated>true</IsTruncated>"

    @Test func `keys that cannot be paths come as bytes`() async throws {
        let keys = ["", "%2F%2Fa", "%2Fa", "..%2Fb", "a", "a%2F", "a%2F%2Fb", "a%2F.%2Fb", "b%00"]
        let long = String(repeating: "z", count: 1_024)
        let (objects, error) = try await list([
            "<EncodingType>url</EncodingType>"
                + (keys.sorted {
                    PercentEncoding.decode($0.utf8)!.lexicographicallyPrecedes(
                        PercentEncoding.decode($1.utf8)!)
                } + [long])
                .map { Self.contents($0) }.joined()
        ])
        #expect(error == nil)
        #expect(objects.count == keys.count + 1)
        #expect(objects.last?.key.count == 1_024)
    }

    @Test func `a list that goes in circles, backwards or on for nothing is refused`() async throws
    {
        let (a, b) = (Self.contents("a"), Self.contents("b"))
        for pages in [
            [b + a], [a + a], [a + Self.more, a], [b + Self.more, a],
            [Self.more],
        ] {
            let (_, error) = try await list(pages)
            #expect(error?.code == .originUnavailable, "\(pages)")
        }
        // A server that gives no token is asked for what comes after the last key.
        let (objects, error) = try await list([a + Self.more, b])
        #expect(objects.count == 2)
        #expect(error == nil)
    }

    // MARK: Index pages

    private static let folder = "https://h/psa/x%20y/"

    private static func index(_ body: String) throws -> IndexPage? {
        IndexPage(parsing: Array(body.utf8), at: try WebAddress(folder))
    }

    @Test func `nginx's page is read`() throws {
        let page = try #require(
            try Self.index(
                """
                <html>\r
                <head><title>Index of /psa/x y/</title></head>\r
                <body>\r
                <h1>Index of /psa/x y/</h1><hr><pre><a href="../">../</a>\r
                <a href="sub%20dir/">sub dir/</a>                     28-Nov-2026 09:48                   -\r
                <a href="a%3Fb%23c&amp;d.fits">a?b#c&amp;d.fits</a>   31-Jan-2024 23:59          1234567890\r
                <a href="./a:b">a:b</a>                               31-Jan-2024 23:59                 12K\r
                </pre><hr></body>\r
                </html>
                """))
        #expect(
            page.items.map { String(decoding: $0.name, as: UTF8.self) }
                == ["a:b", "a?b#c&d.fits", "sub dir/"])
        #expect(page.items.map(\.size) == [nil, 1_234_567_890, nil])
        #expect(
            page.items[1].modified == (try Timestamp(parsing: "2024-01-31T23:59:00Z")))
        #expect(page.items.map(\.isFolder) == [false, false, true])
    }

    @Test func `Apache's page is read`() throws {
        let page = try #require(
            try Self.index(
                """
                <!DOCTYPE HTML><html><head><title>Index of /psa/x y</title></head><body>
                <table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
                <tr><td><a href="/psa/">Parent Directory</a></td><td>&nbsp;</td></tr>
                <tr><td><A HREF='b.img'>b.img</A></td><td align="right">2019-07-01 10:20  </td><td align="right">512 </td></tr>
                <tr><td><a href="/psa/x%20y/c.lbl">c.lbl</a></td><td align="right">2019-07-01 10:20  </td><td align="right">1.2K</td></tr>
                </table></body></html>
                """))
        #expect(page.items.map { String(decoding: $0.name, as: UTF8.self) } == ["b.img", "c.lbl"])
        #expect(page.items.map(\.size) == [512, nil])
    }

    @Test(arguments: [
        "../up", "/elsewhere/f", "https://other/psa/x%20y/f", "//other/f", "?C=M", "#top", ".",
        "./",
        "..", "a/b", "mailto:x@y", "javascript:void(0)", "", "/psa/x%20y/", "https://h/psa/",
    ])
    func `a link that does not lead right below the folder is none`(link: String) throws {
        let page = try #require(try Self.index("Index of <a href=\"\(link)\">x</a> 1 2 3\n"))
        #expect(page.items.isEmpty)
        #expect(page.unusable.isEmpty)
    }

    @Test(arguments: ["a%2Fb", "%2e%2e", "%2E%2E/", "a%00", "%zz", "%2e"])
    func `a link that no name can be read from is told`(link: String) throws {
        let page = try #require(try Self.index("Index of <a href=\"\(link)\">x</a>\n"))
        #expect(page.items.isEmpty)
        #expect(page.unusable.count == 1)
    }

    @Test(arguments: ["", "<a href=\"f\">f</a>", "<html><title>Welcome</title><a href=\"f\">f</a>"])
    func `a page of somebody's own is no index`(text: String) throws {
        #expect(try Self.index(text) == nil)
    }

    @Test func `pages cut anywhere or filled with anything are read without harm`() throws {
        var random = SeededRandom(announcing: "ListingTests")
        let whole = Array(
            "<title>Index of /</title><a href=\"b%20c\">b</a> 28-Nov-2026 09:48 12\n<a href='d/'>d</a>"
                .utf8)
        let address = try WebAddress(Self.folder)
        for length in 0...whole.count {
            _ = IndexPage(parsing: Array(whole[..<length]), at: address)
        }
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0...random.below(6) {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
            }
            for item in IndexPage(parsing: bytes, at: address)?.items ?? [] {
                let name = item.isFolder ? Array(item.name.dropLast()) : item.name
                #expect(!name.contains(UInt8(ascii: "/")) && !name.isEmpty)
            }
        }
    }

    // MARK: Manifests

    private static let digest = String(repeating: "0a", count: 32)

    private static func manifest(_ text: String) throws(PerigeeError) -> ArchiveManifest {
        try ArchiveManifest(parsing: Array(text.utf8), name: "files.tsv")
    }

    @Test func `a manifest is read, in any order of lines`() throws {
        let manifest = try Self.manifest(
            "# made by hand\n\nb/c\t12\t2024-01-31T12:00:00Z\tsha256:\(Self.digest)\r\n"
                + "a\t0\t1706702400\t\(Self.digest)\nb\t3\nb/d\t4\t-\t-\n")
        let page = manifest.page(prefix: [], after: nil)
        #expect(page.next == nil)
        #expect(
            page.objects.map { String(decoding: $0.key, as: UTF8.self) } == [
                "a", "b", "b/c", "b/d",
            ])
        #expect(page.objects.map(\.needsStat) == [false, true, false, true])
        #expect(page.objects.map(\.version.size) == [0, 3, 12, 4])
        #expect(page.objects[0].version.modified == page.objects[2].version.modified)
        #expect(page.objects[2].sha256 == [UInt8](repeating: 10, count: 32))
        #expect(manifest.page(prefix: Array("b/".utf8), after: nil).objects.count == 2)
    }

    @Test(arguments: [
        ("a\t1\nb\n", 2), ("#\n\na\tx\n", 3), ("a\t-1", 1), ("a\t1\tyesterday", 1),
        ("a\t1\t-\tabc", 1), ("\t1", 1), ("a\t1\t-\t-\tmore", 1), ("a\t1\nb\t2\na\t3\n", 3),
        ("a\t99999999999999999999", 1), ("a 1", 1),
    ])
    func `an error in a manifest names its line`(text: String, line: Int) {
        let error = failure { _ = try Self.manifest(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("line \(line):") == true, "\(String(describing: error))")
    }

    @Test func `a manifest of a hundred thousand files is listed in pages`() throws {
        var text: [UInt8] = []
        for index in 0..<100_000 {
            text += "folder-\(index % 97)/file-\(index).fits\t\(index)\t1706702400\n".utf8
        }
        let manifest = try ArchiveManifest(parsing: text, name: "files.tsv")
        #expect(manifest.count == 100_000)
        var (count, last): (Int, [UInt8]?) = (0, nil)
        while true {
            let page = manifest.page(prefix: [], after: last)
            count += page.objects.count
            guard let token = page.next else { break }
            last = token.bytes
        }
        #expect(count == 100_000)
    }
}
