/// The names of all metrics, as Prometheus has them.
package enum MetricNames {
    /// Files found changed at their origin while they were open.
    package static let staleFiles = "perigee_stale_files_total"
    /// Leaves that a root which is not trusted sent, and that are not what was published.
    package static let rejectedLeaves = "perigee_rejected_leaves_total"
    /// Files open now.
    package static let openFiles = "perigee_open_files"
    /// Records of opens that found no room in the audit log.
    package static let auditLost = "perigee_audit_lost_total"
    /// Requests that the S3 gateway answered, by `operation`.
    package static let s3Requests = "perigee_s3_requests_total"
    /// Those answered with an error or not to the end, by `operation` and `kind`: `client`,
    /// `server`, `cut_off`.
    package static let s3Errors = "perigee_s3_errors_total"
    /// Bytes of answers that the S3 gateway sent, by `operation`.
    package static let s3SentBytes = "perigee_s3_sent_bytes_total"
    /// How long an answer of the S3 gateway took to its last byte, by `operation`.
    package static let s3Seconds = "perigee_s3_request_duration_seconds"
    /// Connections that the S3 gateway has open.
    package static let s3Connections = "perigee_s3_connections"
    /// Connections that the S3 gateway closed at once, since it had as many as it may have.
    package static let s3ConnectionsRefused = "perigee_s3_connections_refused_total"
    /// When the certificate that the S3 gateway shows ends, in seconds since 1970.
    package static let s3CertificateEnd = "perigee_s3_certificate_expiry_seconds"
    /// Lines of the access log that found no room, or could not be written.
    package static let accessLogLost = "perigee_access_log_lost_total"
    /// Times that the configuration was read again, by `result`: `applied`, `refused`.
    package static let reloads = "perigee_reloads_total"
    /// Always 1; the version is its label.
    package static let buildInfo = "perigee_build_info"

    /// A line for each, for whoever reads the values.
    package static let help = [
        staleFiles: "Files found changed at their origin while they were open.",
        rejectedLeaves:
            "Leaves from roots that are not trusted, which are not what was published.",
        openFiles: "Files open now.",
        auditLost: "Records of opens that found no room in the audit log.",
        s3Requests: "Requests answered, by operation.",
        s3Errors: "Requests answered with an error, or not to the end, by operation and kind.",
        s3SentBytes: "Bytes of answers sent, by operation.",
        s3Seconds: "Time from a request's header to its answer's last byte, by operation.",
        s3Connections: "Connections open now.",
        s3ConnectionsRefused: "Connections closed at once, since there were too many.",
        s3CertificateEnd: "When the certificate ends, in seconds since 1970.",
        accessLogLost: "Lines of the access log that found no room, or could not be written.",
        reloads: "Times that the configuration was read again, by result.",
        buildInfo: "Always 1; the version is its label.",
    ]
}
