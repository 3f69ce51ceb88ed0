package import VolumeModel

/// Objects on another machine that are listed, asked about and read: the contract that every kind of
/// origin keeps, and that one suite of tests checks.
///
/// All calls end by their deadline, and at once when their task is cancelled. Errors say who failed:
/// `.notFound` (it is not there), `.originDenied` (the origin or our own gate says no),
/// `.originUnavailable` (it cannot be reached, or what it says makes no sense), `.timedOut`,
/// `.stale` (it is there, and another version), `.cancelled`. Transient failures have been retried
/// already, within the limits of the root.
package protocol RemoteOrigin: Sendable {
    /// The root's name, for messages.
    var name: String { get }

    /// Whether a read has to begin at the first byte, whatever range is asked for: a cache then takes
    /// the whole object at once.
    var readsWholeFilesOnly: Bool { get }

    /// Lists the objects whose keys begin with `prefix`, in the byte order of their keys over all
    /// pages, each once.
    ///
    /// - Parameter token: what the page before said, or nil for the first.
    func list(prefix: [UInt8], continuing token: ListingToken?) async throws(PerigeeError)
        -> OriginPage

    /// What the origin says of an object now.
    func stat(_ key: [UInt8]) async throws(PerigeeError) -> OriginObject

    /// Reads exactly the bytes of `range` of exactly that version, or throws.
    ///
    /// Bytes come in order, in pieces of any size, on a thread that must not wait: a consumer that
    /// has too much pauses by `pace`. What came before an error is of that version too, so that a
    /// caller may keep it. Nothing is delivered after the call has returned.
    ///
    /// - Parameters:
    ///   - version: as `list` or `stat` said it.
    ///   - range: within the version's size; nothing is asked for an empty one.
    func read(
        _ key: [UInt8], version: ObjectVersion, range: Range<Int64>, pace: ReadPace?,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError)
}

extension RemoteOrigin {
    /// The same for a consumer that is never full, such as one with a buffer for all of it.
    package func read(
        _ key: [UInt8], version: ObjectVersion, range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await read(key, version: version, range: range, pace: nil, deliver: deliver)
    }
}
