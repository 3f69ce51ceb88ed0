package import VolumeModel

/// What rules can know of an entry beside its path: the same for all entries of a class.
package struct AccessClass: Hashable, Sendable {
    /// Where an entry that was reached by a symbolic link really is.
    package struct Link: Hashable, Sendable {
        /// The path of the link in the volume: the entry itself, or a folder above it.
        package var path: [UInt8]
        /// Where the link leads, as a path in the volume; nil where that is outside of the volume.
        package var target: [UInt8]?
        /// The class of the entry that is really there, by its own path. It is no linked one.
        package var targetClass: AccessClassID

        /// Puts a link together.
        package init(path: [UInt8], target: [UInt8]?, targetClass: AccessClassID) {
            self.path = path
            self.target = target
            self.targetClass = targetClass
        }

        /// The target's path of an entry at `entry`, which is `path` or lies below it.
        package func target(of entry: [UInt8]) -> [UInt8]? {
            target.map { target in
                let rest = entry.dropFirst(path.count)
                // Nothing stands before a name in the root.
                return target.isEmpty ? Array(rest.dropFirst()) : target + rest
            }
        }
    }

    /// The attributes.
    package var attributes: [AttributeKey: String]
    /// Not nil where its entries get the lower of the rights here and at the link's target.
    package var link: Link?

    /// Puts a class together.
    package init(attributes: [AttributeKey: String] = [:], link: Link? = nil) {
        self.attributes = attributes
        self.link = link
    }
}

/// What an archive's table says of release times: those of every class with that attribute.
///
/// Where several rows are about one class, the later instant of each kind counts. A row's instant
/// takes the place of what attributes or the volume's embargo rule say.
package struct ReleaseRow: Hashable, Sendable {
    /// The attribute that classes are found by.
    package var key: AttributeKey
    /// Its value.
    package var value: String
    /// When metadata become open; nil: the row says nothing of it.
    package var metadata: Timestamp?
    /// When data become open; nil: the row says nothing of it.
    package var data: Timestamp?

    /// Puts a row together.
    package init(key: AttributeKey, value: String, metadata: Timestamp?, data: Timestamp?) {
        self.key = key
        self.value = value
        self.metadata = metadata
        self.data = data
    }
}

/// How a volume's entries stay closed until they are released.
///
/// The release of a class's data is, in this order: the latest of the release rows about it; its
/// attribute `data_release`; the instant that `period` says; never. That of its metadata: the latest
/// row; its attribute `metadata_release`; with `withData` that of its data; at once.
package struct EmbargoPolicy: Hashable, Sendable {
    /// A number of calendar months after an instant that an attribute holds.
    package struct Period: Hashable, Sendable {
        /// The attribute, such as `t_max`: an instant as `Timestamp(parsing:)` reads it, or a
        /// Modified Julian Date (UTC) as a decimal number.
        package var after: AttributeKey
        /// Calendar months, 0 to 1,200. 31 January and a month is the last day of February.
        package var months: Int

        /// Puts a period together.
        package init(after: AttributeKey, months: Int) {
            self.after = after
            self.months = months
        }
    }

    /// The rule for classes without a release time of their own.
    package var period: Period?
    /// Whether metadata without a release time of their own wait for the data; else they are open.
    package var metadataWithData: Bool

    /// Puts a policy together.
    package init(period: Period? = nil, metadataWithData: Bool = false) {
        self.period = period
        self.metadataWithData = metadataWithData
    }
}
