internal import Glibc
internal import S3Gateway
internal import ServiceLifecycle

/// Looks now and then whether the certificate's files have changed, so that a renewal needs no
/// signal.
struct CertificateWatch: Service {
    let reload: ServeReload

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: reload.configuration.certificateCheck)
                reload.checkCertificate()
            }
        }
    }
}

/// By what it is told that the files of a certificate have changed.
struct CertificateStamp: Hashable, Sendable {
    private struct File: Hashable {
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private let files: [File]

    /// Looks at the files; one that is not there is unlike any other. Blocks on the disk.
    init(_ tls: GatewayServer.TLS) {
        files = [tls.certificates, tls.key].map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return File() }
            return File(
                inode: UInt64(status.st_ino), size: Int64(status.st_size),
                seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        }
    }
}
