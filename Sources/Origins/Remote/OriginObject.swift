package import VolumeModel

/// By what one version of an object is told from every other: whatever the origin says of it.
package struct ObjectVersion: Hashable, Sendable {
    /// Bytes.
    package let size: Int64
    /// When it was last changed, as the origin has it; of S3 to the millisecond in listings and to
    /// the second elsewhere.
    package let modified: Timestamp?
    /// The entity tag as it is sent, with its quotes, and with `W/` where it is weak.
    package let etag: String?
    /// The version's id in a bucket that keeps versions.
    package let versionID: String?

    /// Puts a version together.
    ///
    /// - Parameter etag: as it was sent; one without quotes, as some servers list it, gets them.
    package init(
        size: Int64, modified: Timestamp? = nil, etag: String? = nil, versionID: String? = nil
    ) {
        self.size = size
        self.modified = modified
        self.etag = etag.flatMap { text in
            text.isEmpty ? nil : text.hasSuffix("\"") ? text : "\"\(text)\""
        }
        self.versionID = versionID
    }

    /// The entity tag where it promises the same bytes, and not only the same meaning.
    package var strongETag: String? { etag.flatMap { $0.hasPrefix("W/") ? nil : $0 } }
}

/// An object of an origin, as a listing or a question about it says.
package struct OriginObject: Hashable, Sendable {
    /// Its key below the origin's root, as bytes of any kind: it may be no path of a volume.
    package let key: [UInt8]
    /// By what this version is known.
    package let version: ObjectVersion
    /// SHA-256 of its content, 32 bytes, where the origin or its manifest tells.
    package let sha256: [UInt8]?
    /// Whether the version is only a hint, and `stat` has to be asked: a listing for people says
    /// neither exact sizes nor exact times.
    package let needsStat: Bool

    /// Puts an object together.
    package init(
        key: [UInt8], version: ObjectVersion, sha256: [UInt8]? = nil, needsStat: Bool = false
    ) {
        self.key = key
        self.version = version
        self.sha256 = sha256
        self.needsStat = needsStat
    }
}

/// Where a listing goes on; it means something only to the origin that gave it.
package struct ListingToken: Hashable, Sendable {
    let bytes: [UInt8]
}

/// A stretch of a listing.
package struct OriginPage: Sendable {
    /// The objects in the byte order of their keys.
    package let objects: [OriginObject]
    /// Where the next page begins; nil after the last one.
    package let next: ListingToken?
    /// What the origin holds and a volume cannot show, besides keys that are no paths: those are
    /// among the objects.
    package let problems: [ScanProblem]

    package init(objects: [OriginObject], next: ListingToken?, problems: [ScanProblem] = []) {
        self.objects = objects
        self.next = next
        self.problems = problems
    }
}
