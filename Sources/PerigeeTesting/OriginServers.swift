internal import Glibc

/// Real servers of objects, as the machine has them.
package enum OriginServer: String, Sendable, CaseIterable {
    /// `rclone serve s3` of a folder: buckets are its folders.
    case rclone
    /// nginx with index pages of a folder.
    case nginx

    /// Where the program lies, or nil.
    package var program: String? {
        switch self {
        case .rclone:
            getenv("PERIGEE_TEST_PYTHON_S3").map { String(cString: $0) }.flatMap { python in
                let folder = python.split(separator: "/").dropLast().joined(separator: "/")
                return Self.existing("/\(folder)/rclone")
            }
        case .nginx: Self.existing("/usr/sbin/nginx")
        }
    }

    /// Whether a test that needs it can run; says why not.
    package func isThere(for test: String) -> Bool {
        if program != nil { return true }
        skipped(test, because: "\(rawValue) is not installed; deploy/test.sh installs it")
        return false
    }

    private static func existing(_ path: String) -> String? {
        access(path, X_OK) == 0 ? path : nil
    }

    /// Starts `rclone serve s3` over a folder.
    ///
    /// - Parameters:
    ///   - key: an access key's id and secret; nil for a server that anybody may ask.
    ///   - scratch: an empty folder for what it writes.
    package static func bucketServer(
        of folder: String, key: (id: String, secret: String)? = nil, scratch: String
    ) throws -> ServerProcess {
        guard let program = rclone.program else {
            throw ServerProcess.Failure(description: "rclone is not installed")
        }
        return try ServerProcess(
            program, environment: ["HOME=\(scratch)"], log: "\(scratch)/rclone.log"
        ) { port in
            // Without the cache of folders, what a test changes is seen at once.
            [
                "serve", "s3", folder, "--addr", "127.0.0.1:\(port)", "--config", "/dev/null",
                "--dir-cache-time", "0s", "--no-cleanup",
            ]
                + (key.map { ["--auth-key", "\($0.id),\($0.secret)"] } ?? [])
        }
    }

    /// Starts nginx over a folder.
    ///
    /// - Parameters:
    ///   - tls: paths of a certificate and its key, to speak https.
    ///   - extra: more lines for its `location /`.
    package static func webServer(
        of folder: String, tls: (certificate: String, key: String)? = nil, extra: String = "",
        scratch: String
    ) throws -> ServerProcess {
        guard let program = nginx.program else {
            throw ServerProcess.Failure(description: "nginx is not installed")
        }
        return try ServerProcess(program, log: "\(scratch)/nginx.log") { port in
            let secure = tls.map {
                "ssl_certificate \($0.certificate); ssl_certificate_key \($0.key);"
            }
            let text = """
                daemon off; worker_processes 1; pid \(scratch)/nginx.pid; error_log stderr;
                user root;
                events { worker_connections 256; }
                http {
                    access_log off; default_type application/octet-stream;
                    client_body_temp_path \(scratch); proxy_temp_path \(scratch);
                    fastcgi_temp_path \(scratch); uwsgi_temp_path \(scratch);
                    scgi_temp_path \(scratch);
                    server {
                        listen 127.0.0.1:\(port)\(tls == nil ? "" : " ssl"); \(secure ?? "")
                        location / {
                            root \(folder); autoindex on; autoindex_exact_size on; \(extra)
                        }
                    }
                }
                """
            try DiskFile.write("\(scratch)/nginx.conf", Array(text.utf8))
            return ["-p", scratch, "-c", "\(scratch)/nginx.conf"]
        }
    }
}
