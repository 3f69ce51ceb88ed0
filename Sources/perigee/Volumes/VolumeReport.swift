internal import ControlStore
internal import VolumeModel

/// A volume as JSON.
struct VolumeReport: Encodable {
    var name: String
    var title: String
    var abstract: String?
    var domain: String?
    var mission: String?
    var contact: String?
    var creator: String?
    var licence: String?
    var doi: String?
    /// Whether anyone may read all of it now.
    var isPublic: Bool
    /// When that begins by itself, where it does.
    var publicFrom: String?
    /// When that ends by itself, where it does.
    var publicUntil: String?
    var ordinal: Int
    var current: Int?
    var highest: Int?
    /// In the order of their priority.
    var sources: [SourceReport]
    var created: String
    var revisions: [Revision]?
    var candidate: Revision?
    var problems: [String: Int]?

    struct Revision: Encodable {
        var number: Int
        var at: String
        var files: Int64
        var folders: Int64
        var bytes: Int64
        var stateDigest: String
        var contentDigest: String?
        var note: String?
    }

    init(_ record: VolumeRecord, _ standing: PublicStanding) {
        name = record.name.string
        title = record.metadata.title
        abstract = record.metadata.abstract
        domain = record.metadata.domain
        mission = record.metadata.mission
        contact = record.metadata.contact
        creator = record.metadata.creator
        licence = record.metadata.licence
        doi = record.metadata.doi
        isPublic = standing.isPublic
        publicFrom = standing.isPublic ? nil : standing.until?.iso8601
        publicUntil = standing.isPublic ? standing.until?.iso8601 : nil
        ordinal = record.ordinal
        current = record.current?.value
        highest = record.highest?.value
        sources = record.orderedSources.map { SourceReport($0) }
        created = Human.time(record.created)
    }
}

extension VolumeReport.Revision {
    init(_ record: RevisionRecord) {
        self.init(
            number: record.number.value, at: Human.time(record.publishedAt), files: record.files,
            folders: record.folders, bytes: record.bytes,
            stateDigest: Hex.encode(record.stateDigest),
            contentDigest: record.contentDigest.map { Hex.encode($0) }, note: record.note)
    }
}
