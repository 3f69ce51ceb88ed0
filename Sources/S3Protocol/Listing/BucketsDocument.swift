package import VolumeModel

/// The answer of ListBuckets.
package enum BucketsDocument {
    /// A bucket that the caller may see.
    package struct Bucket: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// When its current revision was published.
        package let created: Timestamp

        /// Puts a bucket together.
        package init(name: String, created: Timestamp) {
            self.name = name
            self.created = created
        }
    }

    /// Its bytes.
    ///
    /// - Parameters:
    ///   - buckets: all that the caller may see, by name.
    package static func bytes(
        _ buckets: [Bucket], query: BucketsQuery, region: String
    ) -> [UInt8] {
        let behind = buckets.filter { bucket in
            bucket.name.utf8.starts(with: query.prefix.utf8)
                && query.token.map { $0.utf8.lexicographicallyPrecedes(bucket.name.utf8) } ?? true
        }
        let page = behind.prefix(query.maxBuckets)
        var writer = XMLWriter(capacity: 512 + 128 * page.count)
        writer.document("ListAllMyBucketsResult") { writer in
            writer.owner()
            writer.element("Buckets") { writer in
                for bucket in page {
                    writer.element("Bucket") { writer in
                        writer.element("Name", bucket.name)
                        writer.element("CreationDate", listing: bucket.created)
                        writer.element("BucketRegion", region)
                    }
                }
            }
            if !query.prefix.isEmpty { writer.element("Prefix", query.prefix) }
            if page.count < behind.count, let last = page.last {
                writer.element("ContinuationToken", last.name)
            }
        }
        return writer.bytes
    }
}
