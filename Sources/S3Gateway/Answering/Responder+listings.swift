internal import AccessControl
internal import S3Protocol
internal import VolumeModel
internal import VolumeService

extension Responder {
    /// A page of a bucket's keys.
    func listing(
        _ query: ListingQuery, _ place: BucketPlace, _ principal: Principal
    ) throws(S3Failure) -> Answer {
        let scope = ContinuationToken.Scope(
            place: place, prefix: query.prefix, delimiter: query.delimiter,
            principal: principal)
        let (token, start) = try self.start(query, scope)
        // A listing that has begun stays in its revision.
        let bucket = try bucket(place, for: principal, revision: token?.revision)
        let walk = KeyWalk(
            prefix: bucket.place.prefix + query.prefix,
            start: token?.start ?? start.map { .after(bucket.place.prefix + $0) } ?? .beginning,
            delimiter: query.delimiter, limit: max(query.maxKeys, 1),
            patience: settings.limits.page)
        var page = KeyPage()
        if query.maxKeys > 0 {
            do throws(PerigeeError) { page = try service.keys(walk, of: bucket.snapshot) } catch {
                throw failure(error)
            }
        }
        var next: ListingDocument.Next?
        if let start = page.next {
            next = try self.next(query, start, bucket, scope)
        }
        var document = ListingDocument(
            query, bucket: place.name, count: page.items.count, next: next)
        let skipped = bucket.place.prefix.count
        // Objects first, then groups, as S3 has them.
        for case .file(let file) in page.items {
            document.add(
                object: skipped == 0 ? file.key : Array(file.key[skipped...]),
                size: file.entry.size,
                modified: file.entry.modified, etag: file.etag)
        }
        for case .group(let group) in page.items {
            document.add(group: Array(group[skipped...]))
        }
        return Answer(xml: document.finish())
    }

    /// Where the page begins: a token of an earlier page, or the key behind which it does.
    private func start(
        _ query: ListingQuery, _ scope: ContinuationToken.Scope
    ) throws(S3Failure) -> (ContinuationToken?, [UInt8]?) {
        switch query.version {
        case .objectsV2(let text?, _, _):
            guard let token = ContinuationToken(opening: text, for: scope, with: tokenKey) else {
                throw S3Failure(
                    .invalidArgument, "The continuation token provided is incorrect",
                    details: [S3Failure.Detail("ArgumentName", "continuation-token")])
            }
            return (token, nil)
        case .objectsV2(nil, let key, _): return (nil, key.isEmpty ? nil : key)
        case .objects(let marker), .versions(let marker):
            // Where a page ended at nothing that may be shown, its marker is a token.
            if marker.starts(with: Self.opaqueMarker),
                let token = ContinuationToken(
                    opening: String(
                        decoding: marker.dropFirst(Self.opaqueMarker.count), as: UTF8.self),
                    for: scope, with: tokenKey)
            {
                return (token, nil)
            }
            return (nil, marker.isEmpty ? nil : marker)
        }
    }

    private func next(
        _ query: ListingQuery, _ start: KeyWalk.Start, _ bucket: Bucket,
        _ scope: ContinuationToken.Scope
    ) throws(S3Failure) -> ListingDocument.Next {
        let token = ContinuationToken(revision: bucket.snapshot.number, start: start)
        switch (query.version, start) {
        case (.objects, .after(let key)), (.versions, .after(let key)):
            return .marker(Array(key.dropFirst(bucket.place.prefix.count)))
        default: break
        }
        guard let text = token.sealed(for: scope, with: tokenKey) else {
            throw S3Failure(.internalError)
        }
        if case .objectsV2 = query.version { return .token(text) }
        return .marker(Self.opaqueMarker + Array(text.utf8))
    }

    /// What a marker that is a token begins with: no key does, since none has an empty name.
    private static let opaqueMarker = Array("//".utf8)
}
