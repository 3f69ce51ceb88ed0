internal import AccessControl
internal import Foundation
internal import Origins
internal import S3Protocol
internal import Synchronization
internal import VolumeModel
internal import VolumeService

extension Responder {
    /// Files, or parts of them, up to this size are read at once and sent in one piece.
    static let smallest = 256 * 1_024

    /// The file of a key, which the principal may read.
    ///
    /// - Throws: `.noSuchBucket`, `.noSuchKey`, `.accessDenied`.
    func readable(
        _ key: [UInt8], of place: BucketPlace, _ principal: Principal
    ) throws(S3Failure) -> RecalledFile {
        let found = try found(key, of: place, principal)
        guard found.file.entry.isReadable else { throw S3Failure(.accessDenied) }
        return found
    }

    /// Checks that the bytes of a file may be read. A refusal goes into the audit log, as that of
    /// any open.
    ///
    /// - Throws: `.accessDenied`.
    func authorise(_ found: RecalledFile) throws(S3Failure) {
        guard !found.file.entry.isReadable else { return }
        // The service refuses it, and enters that; what changed since is for the next request.
        do throws(PerigeeError) { try service.openNow(found)?.close() } catch {
            guard error.code == .accessDenied || error.code == .notFound else {
                throw failure(error)
            }
        }
        throw S3Failure(.accessDenied)
    }

    /// The file of a key, as far as the principal may see it.
    ///
    /// - Throws: `.noSuchBucket`, `.noSuchKey`.
    func found(
        _ key: [UInt8], of place: BucketPlace, _ principal: Principal
    ) throws(S3Failure) -> RecalledFile {
        let path = place.prefix.isEmpty ? key : place.prefix + key
        let found: RecalledFile?
        if let known = service.recall(
            path, in: place.volume, at: place.selector, for: principal)
        {
            found = known
        } else if let path = try? EntryPath(path) {
            do throws(PerigeeError) {
                found = try service.find(
                    path, in: place.volume, at: place.selector, for: principal)
            } catch {
                throw missing(place, principal, error)
            }
        } else {
            // No path is like that, so there is no such key; but whether there is the bucket counts.
            _ = try bucket(place, for: principal)
            found = nil
        }
        guard let found else {
            throw S3Failure(
                .noSuchKey,
                details: [S3Failure.Detail("Key", String(decoding: key, as: UTF8.self))])
        }
        return found
    }

    /// GetObject and HeadObject.
    func object(
        _ found: RecalledFile, _ query: ObjectQuery, _ question: Question, _ principal: Principal,
        isHead: Bool
    ) throws(S3Failure) -> Answer {
        var (answer, range, namesVersion) = try header(found, query, question.request, principal)
        if !isHead, let range {
            try fill(&answer, range, found, question, namesVersion: namesVersion)
        }
        return answer
    }

    /// All that is said of an object before its bytes, and which of them are asked for; nil: none.
    func header(
        _ found: RecalledFile, _ query: ObjectQuery, _ request: S3Request, _ principal: Principal
    ) throws(S3Failure) -> (answer: Answer, range: Range<Int64>?, namesVersion: Bool) {
        let overrides = try ResponseOverrides(of: request, isAnonymous: principal == .anyone)
        let file = found.file
        let conditionals = Conditionals(of: request)
        var answer = Answer()
        do throws(S3Failure) {
            try conditionals.check(etag: file.etag, modified: file.entry.modified)
        } catch  where error.code == .notModified {
            answer.status = 304
            answer.error = .notModified
            identify(&answer.fields, found)
            return (answer, nil, conditionals.namesVersion)
        }
        present(&answer.fields, found, overrides)
        let range = try range(request, query, file)
        if let range {
            answer.status = 206
            answer.fields.add(
                "Content-Range",
                "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.entry.size)")
        } else if request.field("x-amz-checksum-mode")?.uppercased() == "ENABLED",
            let digest = file.digests.first(where: { $0.algorithm == .sha256 })
        {
            answer.fields.add("x-amz-checksum-sha256", Data(digest.bytes).base64EncodedString())
            answer.fields.add(lines: "x-amz-checksum-type: FULL_OBJECT\r\n")
        }
        if query.partNumber != nil { answer.fields.add(lines: "x-amz-mp-parts-count: 1\r\n") }
        let bytes = range ?? 0..<file.entry.size
        answer.length = bytes.upperBound - bytes.lowerBound
        return (answer, bytes, conditionals.namesVersion)
    }

    private func range(
        _ request: S3Request, _ query: ObjectQuery, _ file: FoundFile
    ) throws(S3Failure) -> Range<Int64>? {
        if let part = query.partNumber {
            guard part == 1 else { throw S3Failure(.invalidPartNumber) }
            guard request.field("range") == nil else {
                throw S3Failure(
                    .invalidRequest,
                    "Cannot specify both Range header and partNumber query parameter")
            }
            return file.entry.size > 0 ? 0..<file.entry.size : nil
        }
        guard let text = request.field("range"), let wanted = ByteRangeRequest(text) else {
            return nil
        }
        // A range of another version is of no use (RFC 9110, 13.1.5).
        if let condition = request.field("if-range") {
            let tag = condition.hasPrefix("\"") ? String(condition.dropFirst().dropLast()) : nil
            let isSame =
                tag.map { $0 == file.etag.text }
                ?? (condition == CalendarText.http(file.entry.modified))
            guard isSame else { return nil }
        }
        return try wanted.resolve(size: file.entry.size)
    }

    /// Opens the file, and reads it where it is small.
    private func fill(
        _ answer: inout Answer, _ range: Range<Int64>, _ found: RecalledFile,
        _ question: Question, namesVersion: Bool
    ) throws(S3Failure) {
        do throws(PerigeeError) {
            guard let handle = try service.openNow(found) else {
                answer.body = .unopened(
                    Answer.Unopened(
                        file: found, range: range, namesVersion: namesVersion,
                        question: question))
                return
            }
            guard range.count <= Self.smallest else {
                answer.body = .file(handle, range)
                return
            }
            defer { handle.close() }
            answer.body = .bytes(try handle.bytes(range))
        } catch {
            throw opening(error, namesVersion: namesVersion)
        }
    }

    /// The answer where a file could not be opened by somebody who could wait.
    func answer(to unopened: Answer.Unopened, _ error: PerigeeError) -> Answer {
        let question = unopened.question
        var answer = Answer(
            opening(error, namesVersion: unopened.namesVersion),
            resource: question.request.target.path, requestID: question.id)
        share(&answer, with: question.request)
        return answer
    }

    /// What is answered where a file cannot be opened or read.
    private func opening(_ error: PerigeeError, namesVersion: Bool) -> S3Failure {
        // Who named the version is told that it is gone.
        if error.code == .stale, namesVersion {
            return S3Failure(
                .preconditionFailed, details: [S3Failure.Detail("Condition", "If-Match")])
        }
        return failure(error)
    }

    /// GetObjectAttributes.
    func attributes(_ wanted: Set<ObjectAttribute>, of file: FoundFile) -> Answer {
        var answer = Answer(
            xml: AttributesDocument.bytes(
                wanted, etag: file.etag, size: file.entry.size,
                sha256: file.digests.first { $0.algorithm == .sha256 }))
        answer.fields.add("Last-Modified", CalendarText.http(file.entry.modified))
        return answer
    }

    /// Which version of the object it is.
    private func identify(_ fields: inout HeaderFields, _ found: RecalledFile) {
        fields.add("ETag", "\"\(found.file.etag.text)\"")
        fields.add("Last-Modified", CalendarText.http(found.file.entry.modified))
        fields.add("x-amz-meta-perigee-volume", found.snapshot.name.string)
        fields.add("x-amz-meta-perigee-revision", "\(found.snapshot.number)")
    }

    /// Which version of the object it is, and what a reader may do with it: the same for each request
    /// that asks for nothing else, and so made once for each object that is remembered.
    private func present(
        _ fields: inout HeaderFields, _ found: RecalledFile, _ overrides: ResponseOverrides
    ) {
        guard overrides.fields.isEmpty else {
            identify(&fields, found)
            describe(&fields, found, overrides)
            return
        }
        let lines = found.memo.withLock { memo in
            if let memo { return memo }
            var made = HeaderFields()
            identify(&made, found)
            describe(&made, found, overrides)
            memo = made.bytes
            return made.bytes
        }
        if fields.bytes.isEmpty {
            fields = HeaderFields(lines: lines)
        } else {
            fields.add(lines: lines)
        }
    }

    private func describe(
        _ fields: inout HeaderFields, _ found: RecalledFile, _ overrides: ResponseOverrides
    ) {
        // A stored page must never run as one of ours.
        fields.add(
            lines: """
                Accept-Ranges: bytes\r
                X-Content-Type-Options: nosniff\r
                Content-Security-Policy: default-src 'none'; sandbox\r

                """)
        var hasType = false
        for field in overrides.fields {
            if field.name.lowercased() == "content-type" { hasType = true }
            fields.add(latin: field.name, field.value)
        }
        if !hasType { fields.add("Content-Type", MediaType.of(found.file.entry.name)) }
    }
}

extension ReadHandle {
    /// Bytes of a file on this machine, read and confirmed.
    func bytes(_ range: Range<Int64>) throws(PerigeeError) -> [UInt8] {
        var failure: PerigeeError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { space, count in
            do throws(PerigeeError) {
                try read(
                    at: range.lowerBound, count: range.count,
                    into: UnsafeMutableRawBufferPointer(space))
                count = range.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The same of what is in memory already; nil where the disk would have to be asked.
    func bytesNow(_ range: Range<Int64>) throws(PerigeeError) -> [UInt8]? {
        var result = Result<Bool, PerigeeError>.success(true)
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { space, count in
            do throws(PerigeeError) {
                let isThere = try readNow(
                    at: range.lowerBound, into: UnsafeMutableRawBufferPointer(space))
                result = .success(isThere)
                count = isThere ? range.count : 0
            } catch {
                result = .failure(error)
            }
        }
        return try result.get() ? bytes : nil
    }
}
