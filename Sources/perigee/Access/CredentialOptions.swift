internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import Identity
internal import VolumeModel

/// For whom and what a new key or token is.
struct CredentialOptions: ParsableArguments {
    @Option(help: "Whose it is.") var user: String
    @Option(
        help: ArgumentHelp(
            "The volumes it is limited to (default: as its user).", valueName: "a,b"))
    var volumes: String?
    @Option(
        help: ArgumentHelp(
            "When it ends: a span such as 8h or 30d, a day, or an instant (default: never).",
            valueName: "when"))
    var expires: String?
    @Option(help: "What it is for, in a few words.") var comment = ""

    /// What the credential is to say.
    ///
    /// - Throws: `.invalidArgument`.
    func facts() throws(PerigeeError) -> CredentialFacts {
        var facts = CredentialFacts(user: try UserName(user))
        if let volumes {
            var names: Set<VolumeName> = []
            for name in volumes.split(separator: ",", omittingEmptySubsequences: false) {
                names.insert(try VolumeName(String(name)))
            }
            facts.volumes = names
        }
        if let expires { facts.expires = try Expiry(parsing: expires).instant }
        guard comment.utf8.count <= 200, !comment.utf8.contains(where: { $0 < 0x20 }) else {
            throw PerigeeError(
                .invalidArgument, "the comment has control characters or is longer than 200 bytes",
                remedy: "say in a few words what it is for")
        }
        return facts
    }
}

/// A key or token as JSON, without what opens a door.
struct CredentialReport: Encodable {
    var id: Int64
    var accessKeyID: String?
    var user: String
    var volumes: [String]?
    var created: String
    var expires: String?
    var state: String
    var comment: String

    init(_ record: CredentialRecord, _ standing: CredentialStanding = .holds) {
        id = record.id.value
        accessKeyID = record.accessKeyID
        user = record.facts.user.string
        volumes = record.facts.volumes?.map(\.string)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        created = record.created.iso8601
        expires = record.facts.expires?.iso8601
        state = standing.rawValue
        comment = record.comment
    }
}
