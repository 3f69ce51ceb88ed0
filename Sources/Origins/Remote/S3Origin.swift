package import VolumeModel

/// A bucket of S3, or a part of it below a prefix.
///
/// Amazon S3 API reference: ListObjectsV2, HeadObject, GetObject.
package struct S3Origin: RemoteOrigin {
    /// Where the bucket stands in a URL.
    package enum Style: String, Sendable, CaseIterable {
        /// `https://ENDPOINT/BUCKET/KEY`
        case path
        /// `https://BUCKET.ENDPOINT/KEY`
        case virtualHosted
    }

    package var name: String { transport.name }
    package var readsWholeFilesOnly: Bool { false }

    let transport: OriginTransport
    /// The bucket's own address, with a path that ends before the keys.
    let bucket: WebAddress
    /// What all keys of the root begin with.
    let prefix: [UInt8]

    /// - Parameters:
    ///   - endpoint: scheme, host and port of the service, with the path before the bucket if any.
    ///   - prefix: what keys begin with and are told without.
    ///   - transport: talks to `Self.host(of:endpoint:style:)`; signs where the bucket is not public.
    /// - Throws: `.invalidArgument` for a bucket's name that no URL can have.
    package init(
        endpoint: WebAddress, bucket: String, prefix: [UInt8] = [], style: Style = .path,
        transport: OriginTransport
    ) throws(PerigeeError) {
        let base =
            endpoint.target.hasSuffix("/")
            ? String(endpoint.target.dropLast()) : endpoint.target
        let isPlain =
            !bucket.isEmpty
            && bucket.utf8.allSatisfy { byte in
                (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
                    || (0x30...0x39).contains(byte) || [0x2d, 0x2e, 0x5f].contains(byte)
            }
        let address: WebAddress? =
            switch style {
            case .path: WebAddress(endpoint, target: "\(base)/\(bucket)")
            case .virtualHosted:
                WebAddress(
                    scheme: endpoint.scheme,
                    host: Self.host(of: bucket, endpoint: endpoint, style: style),
                    port: endpoint.port, target: base)
            }
        guard isPlain, bucket != ".", bucket != "..", let address else {
            throw PerigeeError(
                .invalidArgument,
                "\(Printable.quoted(bucket)) cannot be a bucket at "
                    + Printable.quoted(endpoint.authority),
                remedy: "check its name; one with dots or capitals needs the path style")
        }
        self.bucket = address
        self.prefix = prefix
        self.transport = transport
    }

    /// The host that requests for a bucket go to, which the gate has to allow.
    package static func host(of bucket: String, endpoint: WebAddress, style: Style) -> String {
        style == .path ? endpoint.host : "\(bucket).\(endpoint.host)"
    }

    package func stat(_ key: [UInt8]) async throws(PerigeeError) -> OriginObject {
        let subject = subject(key)
        let outcome = try await transport.run(
            OriginTransport.Call(
                method: .head, address: address(of: key), subject: subject,
                accept: { (_, _) throws(PerigeeError) in .excerpt(0) }))
        return OriginObject(
            key: key, version: try ObjectVersion(told: outcome.head, subject: subject))
    }

    package func read(
        _ key: [UInt8], version: ObjectVersion, range: Range<Int64>, pace: ReadPace?,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        let subject = subject(key)
        try version.check(range, subject: subject)
        if range.isEmpty { return }
        let query = version.versionID.map { [("versionId", Array($0.utf8))] } ?? []
        _ = try await transport.run(
            OriginTransport.Call(
                method: .get, address: address(of: key, query: query), subject: subject,
                expected: Int64(range.count), pace: pace,
                fields: { done in
                    let first = range.lowerBound + done
                    var fields = [HTTPField("Range", "bytes=\(first)-\(range.upperBound - 1)")]
                    if let etag = version.strongETag { fields.append(HTTPField("If-Match", etag)) }
                    return fields
                },
                accept: { (head, done) throws(PerigeeError) in
                    // An object may say any Content-Encoding of itself; its bytes are sent as they
                    // are stored, and the size is that of those bytes.
                    try AnswerCheck.plan(
                        head, version: version,
                        range: (range.lowerBound + done)..<range.upperBound, allowsWhole: false,
                        subject: subject)
                }, deliver: deliver))
    }

    /// The address of an object, or with an empty key and a query one of the bucket.
    func address(of key: [UInt8], query: [(String, [UInt8])] = []) -> WebAddress {
        var target = Array(bucket.target.utf8)
        target.append(UInt8(ascii: "/"))
        PercentEncoding.append(prefix + key, keepsSlashes: true, to: &target)
        return WebAddress(bucket, target: Self.text(target, query))
    }

    /// The bucket's own address with a query.
    func address(query: [(String, [UInt8])]) -> WebAddress {
        WebAddress(bucket, target: Self.text(Array("\(bucket.target)/".utf8), query))
    }

    private static func text(_ path: [UInt8], _ query: [(String, [UInt8])]) -> String {
        var bytes = path
        for (index, (name, value)) in query.enumerated() {
            bytes.append(UInt8(ascii: index == 0 ? "?" : "&"))
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "="))
            PercentEncoding.append(value, keepsSlashes: false, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func subject(_ key: [UInt8]) -> String {
        "\(Printable.quoted(key)) of the origin \(Printable.quoted(name))"
    }
}

extension ObjectVersion {
    /// - Throws: `.invalidArgument` for a range that does not lie within it.
    func check(_ range: Range<Int64>, subject: String) throws(PerigeeError) {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw PerigeeError(
                .invalidArgument, "the bytes \(range) are not all within the \(size) of \(subject)")
        }
    }
}
