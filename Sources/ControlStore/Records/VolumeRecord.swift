package import VolumeModel

/// What people and catalogues are told of a volume.
package struct VolumeMetadata: Hashable, Sendable {
    /// One line, never empty.
    package var title: String
    /// A paragraph or more.
    package var abstract: String?
    /// The field of science.
    package var domain: String?
    /// The mission whose data it is.
    package var mission: String?
    /// Whom to ask.
    package var contact: String?
    /// Who made the data.
    package var creator: String?
    /// The terms of use.
    package var licence: String?
    /// The digital object identifier, as its owner writes it.
    package var doi: String?

    /// Puts metadata together.
    package init(
        title: String, abstract: String? = nil, domain: String? = nil, mission: String? = nil,
        contact: String? = nil, creator: String? = nil, licence: String? = nil, doi: String? = nil
    ) {
        self.title = title
        self.abstract = abstract
        self.domain = domain
        self.mission = mission
        self.contact = contact
        self.creator = creator
        self.licence = licence
        self.doi = doi
    }
}

/// A source that a new volume is going to have; the store gives it its number.
package struct SourceDraft: Hashable, Sendable {
    /// The root that it draws from.
    package var root: RootName
    /// The folder below the root that holds the volume's files.
    package var subpath: EntryPath
    /// Where its bytes are near, as sites name places.
    package var zone: String?
    /// Sources with a lower number are asked first.
    package var priority: Int

    /// Puts a draft together.
    package init(
        root: RootName, subpath: EntryPath = .root, zone: String? = nil, priority: Int = 0
    ) {
        self.root = root
        self.subpath = subpath
        self.zone = zone
        self.priority = priority
    }
}

/// One place that holds a volume's files.
package struct VolumeSource: Hashable, Sendable {
    /// Its number in the volume, from 1, the same as long as the volume lives.
    package let number: Int
    /// The root that it draws from.
    package let root: RootName
    /// The folder below the root that holds the volume's files.
    package let subpath: EntryPath
    /// Where its bytes are near, as sites name places.
    package let zone: String?
    /// Sources with a lower number are asked first.
    package let priority: Int

    /// Puts a source together.
    package init(
        number: Int, root: RootName, subpath: EntryPath = .root, zone: String? = nil,
        priority: Int = 0
    ) {
        self.number = number
        self.root = root
        self.subpath = subpath
        self.zone = zone
        self.priority = priority
    }
}

/// A volume that is going to be added; the store gives it its ordinal.
package struct VolumeDraft: Hashable, Sendable {
    /// What it will be called.
    package var name: VolumeName
    /// What is told of it.
    package var metadata: VolumeMetadata
    /// Whether anyone may see it.
    package var isPublic: Bool
    /// Where its files are, one at least.
    package var sources: [SourceDraft]
    /// When it was made.
    package var created: Timestamp

    /// Puts a draft together.
    package init(
        name: VolumeName, metadata: VolumeMetadata, isPublic: Bool = false,
        sources: [SourceDraft], created: Timestamp = .now
    ) {
        self.name = name
        self.metadata = metadata
        self.isPublic = isPublic
        self.sources = sources
        self.created = created
    }
}

/// A volume as the control store knows it.
package struct VolumeRecord: Hashable, Sendable {
    /// Its number, 1...4095: part of node numbers, never given to another volume.
    package let ordinal: Int
    /// What it is called.
    package let name: VolumeName
    /// What is told of it.
    package let metadata: VolumeMetadata
    /// Whether the rule `public` lets anyone read all of it. Denials and release times may still
    /// close parts.
    package let isPublic: Bool
    /// How it is guarded, beside its rules.
    package let settings: VolumeSettings
    /// How often its entries were put into other classes.
    package let classGeneration: Int64
    /// The policy files that it comes from, or nil.
    package let label: PolicyLabel?
    /// Where its files are, by number.
    package let sources: [VolumeSource]
    /// The revision that is served, or nil before the first publish.
    package let current: RevisionNumber?
    /// The highest revision that was ever published; above `current` after a rollback.
    package let highest: RevisionNumber?
    /// When it was made.
    package let created: Timestamp

    /// Puts a record together.
    package init(
        ordinal: Int, name: VolumeName, metadata: VolumeMetadata, isPublic: Bool,
        settings: VolumeSettings = VolumeSettings(), classGeneration: Int64 = 0,
        label: PolicyLabel? = nil,
        sources: [VolumeSource], current: RevisionNumber?, highest: RevisionNumber?,
        created: Timestamp
    ) {
        self.ordinal = ordinal
        self.name = name
        self.metadata = metadata
        self.isPublic = isPublic
        self.settings = settings
        self.classGeneration = classGeneration
        self.label = label
        self.sources = sources
        self.current = current
        self.highest = highest
        self.created = created
    }

    /// The number that the next publish takes, or nil where all 32,766 are used.
    package var next: RevisionNumber? { RevisionNumber((highest?.value ?? 0) + 1) }
}

extension VolumeRecord {
    /// Its sources by priority, then by number. The first one decides what entries the volume has.
    package var orderedSources: [VolumeSource] {
        sources.sorted { ($0.priority, $0.number) < ($1.priority, $1.number) }
    }
}
