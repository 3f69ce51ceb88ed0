package import VolumeModel

/// A page of keys as a document.
package struct ListingDocument {
    /// Where the next page begins, as the client is told.
    package enum Next: Hashable, Sendable {
        /// A key or group, or, where there is none to show, an opaque text.
        case marker([UInt8])
        /// A token of version 2.
        case token(String)
    }

    /// The one owner that all objects have.
    package static let owner = "perigee"

    private let query: ListingQuery
    private let hasOwners: Bool
    private var writer: XMLWriter
    /// The last object's second and its text: files that were made together often share one.
    private var lastTime: (second: Int64, text: [UInt8])?

    /// Begins the document of a page.
    ///
    /// - Parameters:
    ///   - bucket: its name as it was asked for.
    ///   - count: keys and groups that follow.
    ///   - next: nil where this is the last page.
    package init(
        _ query: ListingQuery, bucket: String, count: Int, next: Next?
    ) {
        self.query = query
        writer = XMLWriter(capacity: 1_024 + 300 * count)
        switch query.version {
        case .objects: hasOwners = true
        case .objectsV2(_, _, let fetchOwner): hasOwners = fetchOwner
        case .versions: hasOwners = true
        }
        begin(bucket, count, next)
    }

    private mutating func begin(_ bucket: String, _ count: Int, _ next: Next?) {
        let isVersions = if case .versions = query.version { true } else { false }
        writer.openDocument(isVersions ? "ListVersionsResult" : "ListBucketResult")
        writer.element("Name", bucket)
        key("Prefix", query.prefix)
        switch query.version {
        case .objects(let marker):
            key("Marker", marker)
            if case .marker(let marker) = next { key("NextMarker", marker) }
        case .versions(let marker):
            key("KeyMarker", marker)
            writer.element("VersionIdMarker", "")
            if case .marker(let marker) = next {
                key("NextKeyMarker", marker)
                writer.element("NextVersionIdMarker", "null")
            }
        case .objectsV2(let token, let startAfter, _):
            if let token { writer.element("ContinuationToken", token) }
            if case .token(let token) = next { writer.element("NextContinuationToken", token) }
            if !startAfter.isEmpty { key("StartAfter", startAfter) }
            writer.element("KeyCount", Int64(count))
        }
        writer.element("MaxKeys", Int64(query.maxKeys))
        if !query.delimiter.isEmpty { key("Delimiter", query.delimiter) }
        if query.encoding == .url { writer.element("EncodingType", "url") }
        writer.element("IsTruncated", next == nil ? "false" : "true")
    }

    private mutating func key(_ name: StaticString, _ key: [UInt8]) {
        writer.element(name, bytes: query.encoding.encoded(key))
    }

    /// Adds an object.
    package mutating func add(object key: [UInt8], size: Int64, modified: Timestamp, etag: ETag) {
        let isVersion = if case .versions = query.version { true } else { false }
        writer.open(isVersion ? "Version" : "Contents")
        self.key("Key", key)
        if isVersion {
            writer.append(raw: "<VersionId>null</VersionId><IsLatest>true</IsLatest>")
        }
        writer.open("LastModified")
        if lastTime?.second != modified.secondsSinceEpoch {
            var text: [UInt8] = []
            CalendarText.append(listing: modified, to: &text)
            lastTime = (modified.secondsSinceEpoch, text)
        }
        if let lastTime { writer.append(raw: lastTime.text) }
        writer.close("LastModified")
        writer.append(raw: "<ETag>&quot;")
        writer.append(raw: etag.text.utf8)
        writer.append(raw: "&quot;</ETag><Size>")
        writer.append(size)
        writer.append(raw: "</Size>")
        if hasOwners { writer.owner() }
        writer.append(raw: "<StorageClass>STANDARD</StorageClass>")
        writer.close(isVersion ? "Version" : "Contents")
    }

    /// Adds a group of keys.
    package mutating func add(group: [UInt8]) {
        writer.open("CommonPrefixes")
        key("Prefix", group)
        writer.close("CommonPrefixes")
    }

    /// The document.
    package consuming func finish() -> [UInt8] {
        if case .versions = query.version {
            writer.close("ListVersionsResult")
        } else {
            writer.close("ListBucketResult")
        }
        return writer.bytes
    }
}

extension XMLWriter {
    /// The element of the one owner.
    mutating func owner() {
        element("Owner") { writer in
            writer.element("ID", ListingDocument.owner)
            writer.element("DisplayName", ListingDocument.owner)
        }
    }

    /// An element with an instant in it.
    mutating func element(_ name: StaticString, listing time: Timestamp) {
        open(name)
        appendBytes { CalendarText.append(listing: time, to: &$0) }
        close(name)
    }
}
