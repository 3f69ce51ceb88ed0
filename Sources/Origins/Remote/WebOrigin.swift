internal import Synchronization
package import VolumeModel

/// A web archive: files below a folder of an HTTP server.
///
/// Versions are known by what the server says of each file: a strong entity tag, or else its time and
/// size (RFC 9110, sections 8.8 and 13).
package struct WebOrigin: RemoteOrigin {
    /// Where the names of the files come from.
    package enum Listing: Sendable {
        /// The server's own index pages, as nginx and Apache write them.
        case autoindex
        /// A list that the archive gives away.
        case manifest(ArchiveManifest)
    }

    package var name: String { transport.name }
    package var readsWholeFilesOnly: Bool { !supportsRanges }

    let transport: OriginTransport
    /// The folder's address; its target ends with a slash.
    let folder: WebAddress
    let listing: Listing
    private let supportsRanges: Bool
    let walks: IndexWalks

    /// - Parameters:
    ///   - folder: the address of the folder; a slash at its end is added where it is missing.
    ///   - supportsRanges: false for a server that only sends whole files, which is then not asked
    ///     for anything else.
    /// - Throws: `.invalidArgument` for an address with a query.
    package init(
        folder: WebAddress, listing: Listing, supportsRanges: Bool = true,
        transport: OriginTransport
    ) throws(PerigeeError) {
        guard !folder.target.utf8.contains(UInt8(ascii: "?")) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(folder.url)) has a query and is no folder",
                remedy: "name the folder that holds the files")
        }
        self.folder =
            folder.target.hasSuffix("/")
            ? folder : WebAddress(folder, target: "\(folder.target)/")
        self.listing = listing
        self.supportsRanges = supportsRanges
        self.transport = transport
        walks = IndexWalks()
    }

    package func list(prefix: [UInt8], continuing token: ListingToken?) async throws(PerigeeError)
        -> OriginPage
    {
        switch listing {
        case .autoindex: try await walk(prefix: prefix, continuing: token)
        case .manifest(let manifest): manifest.page(prefix: prefix, after: token?.bytes)
        }
    }

    package func stat(_ key: [UInt8]) async throws(PerigeeError) -> OriginObject {
        let subject = subject(key)
        guard let last = key.last, last != UInt8(ascii: "/") else {
            throw PerigeeError(.notFound, "\(subject) is a folder")
        }
        let outcome = try await transport.run(
            OriginTransport.Call(
                method: .head, address: address(of: key), subject: subject,
                accept: { (head, _) throws(PerigeeError) in
                    try Self.checkIsPlain(head, subject: subject)
                    return .excerpt(0)
                }))
        let version = try ObjectVersion(told: outcome.head, subject: subject)
        return OriginObject(
            key: key, version: version, sha256: digest(of: key, size: version.size))
    }

    package func read(
        _ key: [UInt8], version: ObjectVersion, range: Range<Int64>, pace: ReadPace?,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        let subject = subject(key)
        try version.check(range, subject: subject)
        if range.isEmpty { return }
        let asksRange = supportsRanges
        _ = try await transport.run(
            OriginTransport.Call(
                method: .get, address: address(of: key), subject: subject,
                expected: asksRange ? Int64(range.count) : range.upperBound, pace: pace,
                fields: { done in
                    let first = range.lowerBound + done
                    var fields = Self.conditions(of: version)
                    if asksRange {
                        fields.append(HTTPField("Range", "bytes=\(first)-\(range.upperBound - 1)"))
                    }
                    return fields
                },
                accept: { (head, done) throws(PerigeeError) in
                    try Self.checkIsPlain(head, subject: subject)
                    return try AnswerCheck.plan(
                        head, version: version,
                        range: (range.lowerBound + done)..<range.upperBound, allowsWhole: true,
                        subject: subject)
                }, deliver: deliver))
    }

    /// What the server is to check before it sends anything; what it answers is checked as well, for
    /// servers that do not look at conditions.
    private static func conditions(of version: ObjectVersion) -> [HTTPField] {
        if let etag = version.strongETag { return [HTTPField("If-Match", etag)] }
        // A time in the future is no condition (RFC 9110, 13.1.4); what is answered tells it then.
        return version.modified.map {
            [HTTPField("If-Unmodified-Since", CalendarText.http($0))]
        } ?? []
    }

    /// - Throws: `.originUnavailable` for content that was encoded on its way: its bytes are not
    ///   those of the file, and sizes and ranges count others.
    private static func checkIsPlain(_ head: HTTPHead, subject: String) throws(PerigeeError) {
        for field in head.fields where field.name.lowercased() == "content-encoding" {
            guard field.value.isEmpty || field.value.lowercased() == "identity" else {
                throw PerigeeError(
                    .originUnavailable,
                    "\(subject) is sent with the encoding \(Printable.quoted(field.value)), which "
                        + "was not asked for",
                    remedy: "switch compression off for these files at that server")
            }
        }
    }

    /// The address of a file, or of a folder where the key ends with a slash or is empty.
    func address(of key: [UInt8]) -> WebAddress {
        var target = Array(folder.target.utf8)
        PercentEncoding.append(key, keepsSlashes: true, to: &target)
        return WebAddress(folder, target: String(decoding: target, as: UTF8.self))
    }

    private func digest(of key: [UInt8], size: Int64) -> [UInt8]? {
        guard case .manifest(let manifest) = listing, let object = manifest.object(key),
            object.version.size == size
        else { return nil }
        return object.sha256
    }

    func subject(_ key: [UInt8]) -> String {
        "\(Printable.quoted(key)) of the origin \(Printable.quoted(name))"
    }
}
