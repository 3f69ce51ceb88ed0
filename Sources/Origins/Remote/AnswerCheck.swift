internal import VolumeModel

/// Whether an answer is of the version and the range that were asked for, told from its header
/// before a byte of its body goes anywhere.
enum AnswerCheck {
    /// What becomes of the body of an answer to a range.
    ///
    /// - Parameters:
    ///   - range: what was asked for, not empty.
    ///   - allowsWhole: whether a server may answer with the whole object instead, of which the
    ///     range is then cut out.
    /// - Throws: `.stale` for another version, `.originUnavailable` for an answer that makes no
    ///   sense.
    static func plan(
        _ head: HTTPHead, version: ObjectVersion, range: Range<Int64>, allowsWhole: Bool,
        subject: String
    ) throws(PerigeeError) -> BodyPlan {
        // Some servers (rclone's among them) send a part with the status of the whole: where there is
        // a range, it holds.
        let isPart = head.fields.contains { $0.name.lowercased() == "content-range" }
        switch head.status {
        case 200 where isPart, 206:
            guard let text = head["content-range"], let told = ContentRange(text) else {
                throw nonsense(subject, "it answers with a part and does not say which")
            }
            // Before the range: another size is the sign of another version.
            guard told.total == version.size else { throw stale(subject) }
            try check(head, is: version, subject: subject)
            guard told.range == range else {
                throw nonsense(
                    subject,
                    "it sends the bytes \(told.range) where \(range) were asked for")
            }
            let count = Int64(range.count)
            guard head.contentLength ?? count == count,
                head["content-length"] == nil
                    || head.contentLength != nil
            else {
                throw nonsense(subject, "its Content-Length is not that of the range")
            }
            return .deliver(skip: 0, count: count, isPrefix: false)
        case 200:
            guard allowsWhole || range == 0..<version.size else {
                throw nonsense(subject, "it sends the whole where a part was asked for")
            }
            if let length = head.contentLength, length != version.size { throw stale(subject) }
            guard head.contentLength != nil || head["content-length"] == nil else {
                throw nonsense(subject, "its Content-Length is no number")
            }
            try check(head, is: version, subject: subject)
            return .deliver(
                skip: range.lowerBound, count: Int64(range.count),
                isPrefix: range.upperBound < version.size)
        default:
            throw nonsense(subject, "it answers \(head.status) to a request for bytes")
        }
    }

    /// Checks all that a header tells of the version; what is pinned has to be told by something.
    ///
    /// - Throws: `.stale`, and `.originUnavailable` where nothing is told.
    static func check(_ head: HTTPHead, is version: ObjectVersion, subject: String)
        throws(PerigeeError)
    {
        var isTold = version.etag == nil && version.modified == nil && version.versionID == nil
        if let pinned = version.versionID, let told = head["x-amz-version-id"] {
            guard told == pinned else { throw stale(subject) }
            isTold = true
        }
        if let pinned = version.etag, let told = ObjectVersion.etag(of: head) {
            guard told == pinned else { throw stale(subject) }
            isTold = true
        }
        if let pinned = version.modified,
            let told = head["last-modified"].flatMap(CalendarText.parse(http:))
        {
            // Headers tell seconds. With the same entity tag it is the same version, whatever two
            // servers behind one name say of its time.
            if pinned.secondsSinceEpoch != told.secondsSinceEpoch {
                guard version.strongETag != nil, isTold else { throw stale(subject) }
            }
            isTold = true
        }
        guard isTold else {
            throw nonsense(subject, "it does not tell the version of what it sends")
        }
    }

    static func stale(_ subject: String) -> PerigeeError {
        PerigeeError(
            .stale, "\(subject) was changed at its origin after it was listed",
            remedy: "scan and publish the volume again; open the file again after that")
    }

    static func nonsense(_ subject: String, _ what: String) -> PerigeeError {
        PerigeeError(
            .originUnavailable, "\(subject) cannot be read from its origin: \(what)",
            remedy: "check that server: it does not keep to HTTP")
    }
}

extension ObjectVersion {
    /// The entity tag of an answer as versions have it.
    static func etag(of head: HTTPHead) -> String? {
        ObjectVersion(size: 0, etag: head["etag"]).etag
    }
}

/// A `Content-Range` of bytes with both ends and the total (RFC 9110, 14.4).
struct ContentRange: Hashable {
    let range: Range<Int64>
    let total: Int64

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let total = HTTPHead.number(parts[1]) else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = HTTPHead.number(ends[0]),
            let last = HTTPHead.number(ends[1]), first <= last, last < total
        else { return nil }
        range = first..<(last + 1)
        self.total = total
    }
}

extension ObjectVersion {
    /// What the answer to a HEAD says of an object.
    ///
    /// - Throws: `.originUnavailable` where it does not tell the size.
    init(told head: HTTPHead, subject: String) throws(PerigeeError) {
        guard let size = head.contentLength else {
            throw AnswerCheck.nonsense(subject, "it does not tell its size")
        }
        self.init(
            size: size, modified: head["last-modified"].flatMap(CalendarText.parse(http:)),
            etag: head["etag"],
            // Only buckets tell one, and what those without versions say is not the id of one.
            versionID: head["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 })
    }
}
