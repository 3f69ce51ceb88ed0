/// The names of all metrics, as Prometheus has them.
package enum MetricNames {
    /// Files found changed at their origin while they were open.
    package static let staleFiles = "perigee_stale_files_total"
    /// Files open now.
    package static let openFiles = "perigee_open_files"
    /// Records of opens that found no room in the audit log.
    package static let auditLost = "perigee_audit_lost_total"
}
