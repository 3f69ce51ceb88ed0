package import VolumeModel

extension S3Origin {
    /// The largest page in bytes: 1,000 keys of 1,024 bytes, each byte as three characters, with
    /// room for what stands around them.
    private static let longestPage = 8 << 20
    /// Pages in a row without a key, after which a listing is taken for endless.
    private static let mostEmptyPages = 1_000

    package func list(prefix: [UInt8], continuing token: ListingToken?) async throws(PerigeeError)
        -> OriginPage
    {
        let subject =
            prefix.isEmpty
            ? "the list of the origin \(Printable.quoted(name))"
            : "the list of \(Printable.quoted(prefix)) in the origin \(Printable.quoted(name))"
        let place = try token.map { (token) throws(PerigeeError) in
            try ListingPlace(token, subject: subject)
        }
        var query: [(String, [UInt8])] = [
            ("list-type", Array("2".utf8)), ("encoding-type", Array("url".utf8)),
            ("prefix", self.prefix + prefix),
        ]
        switch place {
        case .some(let place) where place.continuation.isEmpty:
            query.append(("start-after", place.lastKey))
        case .some(let place): query.append(("continuation-token", place.continuation))
        case .none: break
        }
        let outcome = try await transport.run(
            OriginTransport.Call(
                method: .get, address: address(query: query), subject: subject,
                accept: { (_, _) throws(PerigeeError) in .whole(atMost: Self.longestPage) }))
        let page = try S3ListingPage(parsing: outcome.body, subject: subject)
        return try self.page(page, below: self.prefix + prefix, after: place, subject: subject)
    }

    private func page(
        _ page: S3ListingPage, below prefix: [UInt8], after place: ListingPlace?, subject: String
    ) throws(PerigeeError) -> OriginPage {
        var last = place?.lastKey
        var objects: [OriginObject] = []
        objects.reserveCapacity(page.objects.count)
        for object in page.objects {
            guard object.key.starts(with: prefix) else {
                throw AnswerCheck.nonsense(
                    subject, "it lists \(Printable.quoted(object.key)), which is not below it")
            }
            // Also what keeps a listing from going round in circles.
            guard last.map({ $0.lexicographicallyPrecedes(object.key) }) ?? true else {
                throw PerigeeError(
                    .originUnavailable,
                    "\(subject) is not in the byte order of keys at "
                        + Printable.quoted(object.key),
                    remedy: "use a server, or a kind of bucket, that lists in order")
            }
            last = object.key
            objects.append(
                OriginObject(
                    key: Array(object.key[self.prefix.count...]), version: object.version))
        }
        guard page.isTruncated else { return OriginPage(objects: objects, next: nil) }
        let emptyPages = objects.isEmpty ? (place?.emptyPages ?? 0) + 1 : 0
        guard emptyPages <= Self.mostEmptyPages, let last = last ?? (page.next.isEmpty ? nil : [])
        else {
            throw AnswerCheck.nonsense(subject, "its pages go on and have nothing in them")
        }
        let next = ListingPlace(lastKey: last, continuation: page.next, emptyPages: emptyPages)
        return OriginPage(objects: objects, next: next.token)
    }
}

/// Where a listing of a bucket goes on.
struct ListingPlace {
    let lastKey: [UInt8]
    /// What the server gave for it; empty where it gave nothing.
    let continuation: [UInt8]
    let emptyPages: Int

    init(lastKey: [UInt8], continuation: [UInt8], emptyPages: Int) {
        self.lastKey = lastKey
        self.continuation = continuation
        self.emptyPages = emptyPages
    }

    /// Two bytes each for the empty pages and the length of the last key, the key, the rest.
    init(_ token: ListingToken, subject: String) throws(PerigeeError) {
        let bytes = token.bytes
        guard bytes.count >= 4, bytes.count >= 4 + (Int(bytes[2]) << 8 | Int(bytes[3])) else {
            throw PerigeeError(
                .invalidArgument, "\(subject) cannot go on from a place that it did not give")
        }
        let end = 4 + (Int(bytes[2]) << 8 | Int(bytes[3]))
        emptyPages = Int(bytes[0]) << 8 | Int(bytes[1])
        lastKey = Array(bytes[4..<end])
        continuation = Array(bytes[end...])
    }

    var token: ListingToken {
        let numbers = [emptyPages, lastKey.count].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        return ListingToken(bytes: numbers + lastKey + continuation)
    }
}
