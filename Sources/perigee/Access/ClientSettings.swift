internal import VolumeModel

/// Where S3 clients find this site.
struct Endpoint: Hashable {
    /// `http://127.0.0.1:9000`, without a slash at its end.
    let url: String
    /// `127.0.0.1:9000`.
    let host: String
    let isEncrypted: Bool

    /// Reads an address.
    ///
    /// - Throws: `.invalidArgument` for what is not `http://HOST[:PORT]` or `https://HOST[:PORT]`: it
    ///   goes into files that other programs read.
    init(parsing text: String) throws(PerigeeError) {
        let scheme = ["http://", "https://"].first { text.hasPrefix($0) }
        let host = text.dropFirst(scheme?.count ?? 0).utf8
        let name = host.last == UInt8(ascii: "/") ? host.dropLast() : host[...]
        guard let scheme, !name.isEmpty, name.allSatisfy(Self.isOfHost) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no endpoint",
                remedy: "write http://HOST:PORT or https://HOST:PORT, without a path")
        }
        self.host = String(Substring(name))
        isEncrypted = scheme == "https://"
        url = scheme + self.host
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"):
            true
        default:
            [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "["), UInt8(ascii: "]")]
                .contains(byte)
        }
    }
}

/// What S3 clients are told to use a key: ready to be put into their files.
struct ClientSettings {
    let endpoint: Endpoint
    let accessKeyID: String
    let secret: String

    /// Buckets in the path, since no name service knows hosts that are called after them.
    var text: String {
        """
        # AWS CLI and SDKs, in ~/.aws/config; then: aws --profile perigee s3 ls
        [profile perigee]
        aws_access_key_id = \(accessKeyID)
        aws_secret_access_key = \(secret)
        endpoint_url = \(endpoint.url)
        region = us-east-1
        s3 =
          addressing_style = path
          signature_version = s3v4

        # rclone, in ~/.config/rclone/rclone.conf; then: rclone lsd perigee:
        [perigee]
        type = s3
        provider = Other
        access_key_id = \(accessKeyID)
        secret_access_key = \(secret)
        endpoint = \(endpoint.url)
        region = us-east-1
        force_path_style = true

        # s3cmd, in ~/.s3cfg; then: s3cmd ls
        [default]
        access_key = \(accessKeyID)
        secret_key = \(secret)
        host_base = \(endpoint.host)
        host_bucket = \(endpoint.host)
        bucket_location = us-east-1
        use_https = \(endpoint.isEncrypted ? "True" : "False")

        # boto3
        import boto3
        from botocore.config import Config
        s3 = boto3.client(
            "s3", endpoint_url="\(endpoint.url)", region_name="us-east-1",
            aws_access_key_id="\(accessKeyID)",
            aws_secret_access_key="\(secret)",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
        """
    }
}
