import Foundation
import Testing

/// Programs that read S3, each with nothing but the endpoint, a key and what its users write.
enum S3Client: String, CaseIterable {
    case boto3
    case awscli
    case s3cmd
    case rclone
    case s5cmd
    case fsspec
    case duckdb

    /// The folders of packages are apart where two want different versions of a third.
    var python: String? {
        let environment = ProcessInfo.processInfo.environment
        return switch self {
        case .boto3, .awscli, .s3cmd: environment["PERIGEE_TEST_PYTHON_AWS"]
        case .rclone, .s5cmd, .fsspec, .duckdb: environment["PERIGEE_TEST_PYTHON_S3"]
        }
    }

    static let areThere: Bool = {
        let found = allCases.allSatisfy { $0.python != nil }
        if !found { print("SKIPPED: S3 clients are not installed; deploy/test.sh installs them") }
        return found
    }()
}

extension CommandLineTests {
    @Suite(.enabled("needs S3 clients") { S3Client.areThere })
    struct S3ClientTests {
        @Test(arguments: S3Client.allCases)
        func `lists, reads, and is refused writes`(_ client: S3Client) throws {
            try withSite { site in
                let (bucket, root, image) = try Self.volume(of: site)
                let key = try site.makeKey("ada")
                try site.withServed { server in
                    let scripts =
                        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
                        + "/Scripts"
                    let scratch = try site.makeFolder("scratch")
                    let child = try Child(
                        [try #require(client.python), "\(scripts)/\(client.rawValue)_client.py"],
                        environment: [
                            "S3_ENDPOINT": server.endpoint, "S3_KEY": key.id,
                            "S3_SECRET": key.secret, "S3_BUCKET": bucket, "S3_ROOT": root,
                            "S3_FITS": image, "S3_SCRATCH": scratch,
                            "PYTHONDONTWRITEBYTECODE": "1",
                        ])
                    let done = try child.wait(180)
                    #expect(done.status == 0, "\(done) \(done.text.suffix(2_000))")
                }
            }
        }

        /// A public volume of real files where they are at hand, or of the sample archive, with the
        /// key of an image that is not compressed.
        private static func volume(of site: Site) throws -> (String, String, String) {
            let (name, archive): (String, String)
            if let folder = RealData.folder {
                (name, archive) = ("hst", "\(folder)/volumes")
            } else {
                try site.ok(["sample-archive", "\(site.folder)/sample", "--quiet"])
                // The sample's HST files are compressed as those of the archive are.
                (name, archive) = ("jwst", "\(site.folder)/sample")
            }
            let root = "\(archive)/\(name)"
            try site.ok(["volume", "add", name, "--origin", "posix:\(root)", "--public"])
            try site.ok(["volume", "scan", name, "--digest", "sha256", "--quiet"])
            try site.ok(["volume", "publish", name])
            let images = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String }
                .filter { $0.hasSuffix(".fits") && !$0.hasPrefix("ancillary") }.sorted()
            return (name, root, try #require(images?.first))
        }
    }
}
