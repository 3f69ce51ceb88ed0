/// What the kernel and this session agreed on.
package struct FuseCapabilities: Hashable, Sendable {
    /// The kernel's protocol is 7.`kernelMinor`.
    package internal(set) var kernelMinor: UInt32
    /// The protocol that is spoken is 7.`minor`.
    package internal(set) var minor: UInt32
    /// The kernel reads ahead at most this many bytes.
    package internal(set) var maximumReadAhead: UInt32
    /// The largest answer to READ and READDIR, in bytes.
    package internal(set) var maximumRead: UInt32
    /// READDIRPLUS is sent where the kernel thinks it useful.
    package internal(set) var hasReaddirplus: Bool
    /// Requests in one folder run at the same time.
    package internal(set) var hasParallelDirectoryOperations: Bool
    /// ``FuseSession/incrementEpoch()`` works (7.44).
    package internal(set) var hasEpoch: Bool
    /// ``FuseSession/invalidateEntry(parent:name:expireOnly:)`` can keep what is mounted below.
    package internal(set) var hasExpireOnly: Bool
    /// Files can be handed to the kernel (``FuseSession/openBacking(_:)``), as a probe showed.
    package internal(set) var passthrough: Bool
    /// Why they cannot: the probe's errno, or nil if the kernel has no passthrough.
    package internal(set) var passthroughError: Int32?
}
