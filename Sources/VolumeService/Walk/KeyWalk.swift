package import VolumeModel

/// What a walk through the files of a revision in key order asks for: a page of an S3 listing.
///
/// A file's key is its path in bytes; keys are ordered by bytes.
package struct KeyWalk: Hashable, Sendable {
    /// Where a walk begins.
    package enum Start: Hashable, Sendable {
        /// At the first key.
        case beginning
        /// Behind a key in byte order. The group that it falls into is over.
        case after([UInt8])
        /// At the first key that is not below it: where a page ended on the way.
        case from([UInt8])
    }

    /// Only keys that begin with it.
    package var prefix: [UInt8]
    /// Where it begins.
    package var start: Start
    /// Keys that have it behind the prefix are told as one group, which ends with its first
    /// occurrence there; empty: there are no groups.
    package var delimiter: [UInt8]
    /// The most items, 1 and up.
    package var limit: Int
    /// How long the walk goes on before it ends with what it has.
    package var patience: Duration

    /// Puts a walk together.
    package init(
        prefix: [UInt8] = [], start: Start = .beginning, delimiter: [UInt8] = [],
        limit: Int = 1_000, patience: Duration = .seconds(1)
    ) {
        self.prefix = prefix
        self.start = start
        self.delimiter = delimiter
        self.limit = limit
        self.patience = patience
    }

    /// The group that a key falls into, or nil.
    package func group(of key: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty, key.count >= prefix.count + delimiter.count else { return nil }
        var start = prefix.count
        while start + delimiter.count <= key.count {
            if key[start] == delimiter[0], key[start...].starts(with: delimiter) {
                return Array(key[..<(start + delimiter.count)])
            }
            start += 1
        }
        return nil
    }

    /// The lowest key that the walk may tell of; nil: there is none.
    var lowest: [UInt8]? {
        let bound: [UInt8]
        switch start {
        case .beginning: return prefix
        case .from(let key): bound = key
        case .after(let key):
            if key.starts(with: prefix), let group = group(of: key) { return Self.behind(group) }
            // What follows a key directly is the key with a zero byte.
            bound = key + [0]
        }
        return bound.lexicographicallyPrecedes(prefix) ? prefix : bound
    }

    /// The lowest key behind all that begin with `prefix`; nil: there is none.
    static func behind(_ prefix: [UInt8]) -> [UInt8]? {
        var bound = prefix
        while let last = bound.popLast() {
            if last < 0xff { return bound + [last + 1] }
        }
        return nil
    }
}

/// Something that a walk tells of.
package enum KeyItem: Hashable, Sendable {
    /// A file.
    case file(KeyedFile)
    /// Keys that begin with these bytes, at least one of them the principal's to see.
    case group([UInt8])

    /// What orders items.
    package var key: [UInt8] {
        switch self {
        case .file(let file): file.key
        case .group(let group): group
        }
    }
}

/// A file with its key, and what its ETag is made from.
package struct KeyedFile: Hashable, Sendable {
    /// Its path in bytes.
    package let key: [UInt8]
    /// Its row.
    package let entry: Entry
    /// The digest that its ETag is made from; nil where it is the version's token.
    package let digest: ContentDigest?

    /// Puts a file together.
    package init(key: [UInt8], entry: Entry, digest: ContentDigest?) {
        self.key = key
        self.entry = entry
        self.digest = digest
    }

    /// Its entity tag.
    package var etag: ETag { ETag(of: entry, digest: digest) }
}

/// A page of a walk.
package struct KeyPage: Hashable, Sendable {
    /// The items in order.
    package var items: [KeyItem]
    /// Where the next page begins; nil at the end. `.after` an item of this page where it is full,
    /// else `.from` where patience ended it, which may be the name of something hidden and is not
    /// to be shown. There may be a next page of nothing.
    package var next: KeyWalk.Start?

    /// Puts a page together.
    package init(items: [KeyItem] = [], next: KeyWalk.Start? = nil) {
        self.items = items
        self.next = next
    }
}

/// A file found by its key, with what its object tells of its content.
package struct FoundFile: Hashable, Sendable {
    /// Its row.
    package let entry: Entry
    /// What is known of the content.
    package let digests: [ContentDigest]
    /// Its entity tag.
    package let etag: ETag

    /// Puts a file together.
    package init(entry: Entry, digests: [ContentDigest], etag: ETag) {
        self.entry = entry
        self.digests = digests
        self.etag = etag
    }
}
