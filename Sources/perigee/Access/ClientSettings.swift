internal import S3Protocol

/// What S3 clients are told to use a key: ready to be put into their files.
struct ClientSettings {
    let endpoint: Presigner.Endpoint
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
        host_base = \(endpoint.authority)
        host_bucket = \(endpoint.authority)
        bucket_location = us-east-1
        use_https = \(endpoint.scheme == "https" ? "True" : "False")

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
