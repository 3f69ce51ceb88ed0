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
    /// Bytes given to readers of files on other machines, by `kind`: `hit` from the cache, `prefetched`
    /// and `miss` fetched before and because they were asked for, `bypass` past the cache.
    package static let cacheReadBytes = "perigee_cache_read_bytes_total"
    /// Bytes that came from origins on other machines.
    package static let cacheUpstreamBytes = "perigee_cache_upstream_bytes_total"
    /// Requests to origins for bytes of files.
    package static let cacheUpstreamRequests = "perigee_cache_upstream_requests_total"
    /// Bytes from origins for each byte given to readers.
    package static let cacheAmplification = "perigee_cache_amplification_ratio"
    /// Blocks of the cache that were not what their checksum says; each was dropped.
    package static let cacheBadBlocks = "perigee_cache_bad_blocks_total"
    /// Bytes that were removed from the cache to make room.
    package static let cacheEvictedBytes = "perigee_cache_evicted_bytes_total"
    /// Calls on the cache's disk that failed.
    package static let cacheDiskErrors = "perigee_cache_disk_errors_total"
    /// Bytes of the cache that were compared with their checksums in the background.
    package static let cacheScrubbedBytes = "perigee_cache_scrubbed_bytes_total"
    /// Requests ahead of readers that were cut off for want of memory.
    package static let cacheCutRequests = "perigee_cache_cut_requests_total"
    /// Bytes of the disk that the cache has taken, by real blocks.
    package static let cacheDiskBytes = "perigee_cache_disk_bytes"
    /// Bytes of the disk that the cache may take.
    package static let cacheCapacity = "perigee_cache_capacity_bytes"
    /// Versions of files of which the cache has a part.
    package static let cacheObjects = "perigee_cache_objects"
    /// Bytes of blocks that are in memory, on their way to the disk or past it.
    package static let cacheMemory = "perigee_cache_memory_bytes"
    /// 1 for the `state` that the cache's disk is in: `normal`, `unstable`, `down`.
    package static let cacheDiskState = "perigee_cache_disk_state"
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
        cacheReadBytes: "Bytes of remote files given to readers, by where they came from.",
        cacheUpstreamBytes: "Bytes that came from remote origins.",
        cacheUpstreamRequests: "Requests to remote origins for bytes of files.",
        cacheAmplification: "Bytes from remote origins for each byte given to readers.",
        cacheBadBlocks: "Blocks that were not what their checksum says, and were dropped.",
        cacheEvictedBytes: "Bytes removed to make room.",
        cacheDiskErrors: "Calls on the cache's disk that failed.",
        cacheScrubbedBytes: "Bytes compared with their checksums in the background.",
        cacheCutRequests: "Requests ahead of readers that were cut off for want of memory.",
        cacheDiskBytes: "Bytes of the disk taken, by real blocks.",
        cacheCapacity: "Bytes of the disk that may be taken.",
        cacheObjects: "Versions of files of which a part is there.",
        cacheMemory: "Bytes of blocks in memory, on their way to the disk or past it.",
        cacheDiskState: "1 for the state that the cache's disk is in.",
        buildInfo: "Always 1; the version is its label.",
    ]
}
