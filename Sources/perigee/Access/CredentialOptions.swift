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

/// What `ls`, `rm` and `renew` of keys and of tokens have in common.
enum CredentialWork {
    /// Lists the credentials of a kind.
    static func list(_ kind: CredentialKind, of user: String?, _ options: StateOptions) throws {
        let user = try user.map { name throws(PerigeeError) in try UserName(name) }
        for (record, standing) in try options.credentials().list(kind, of: user) {
            let report = CredentialReport(record, standing)
            if options.json {
                Output.object(report)
                continue
            }
            let words: [String?] = [
                "\(report.id)", report.accessKeyID, report.user,
                report.volumes?.joined(separator: ",") ?? "all volumes", report.expires ?? "never",
                report.state, Printable.escaped(Array(record.comment.utf8)),
            ]
            Output.line(words.compactMap(\.self).joined(separator: "\t"))
        }
    }

    /// Takes one away for ever.
    static func remove(_ kind: CredentialKind, _ name: String, _ options: StateOptions) throws {
        let credentials = try options.credentials()
        let id = try id(kind, name, credentials)
        try credentials.revoke(kind, id)
        if options.json {
            Output.object(["removed": id.value])
        } else {
            options.say("Removed the \(kind) \(id)")
        }
    }

    /// Lets one hold again after a restore, or gives it another end.
    static func renew(
        _ kind: CredentialKind, _ name: String, expires: String?, _ options: StateOptions
    ) throws {
        let credentials = try options.credentials()
        let id = try id(kind, name, credentials)
        let end = try expires.map { text throws(PerigeeError) in
            try Expiry(parsing: text).instant
        }
        try credentials.renew(kind, id, expires: end)
        guard let found = try credentials.list(kind).first(where: { $0.record.id == id }) else {
            return
        }
        let report = CredentialReport(found.record, found.standing)
        if options.json {
            Output.object(report)
        } else {
            options.say(
                "Renewed the \(kind) \(id) of \(report.user), which ends:"
                    + " \(report.expires ?? "never")")
        }
    }

    /// A credential by its number, or a key by its access key ID.
    private static func id(
        _ kind: CredentialKind, _ name: String, _ credentials: Credentials
    ) throws(PerigeeError) -> CredentialID {
        if let number = Int64(name), number > 0 { return CredentialID(number) }
        if kind == .key, name.hasPrefix("PGKA") {
            if let found = try credentials.list(.key).first(where: { $0.record.accessKeyID == name }
            ) {
                return found.record.id
            }
            throw PerigeeError(
                .notFound, "there is no key \(Printable.quoted(name))",
                remedy: "`perigee key ls` lists them")
        }
        throw PerigeeError(
            .invalidArgument, "\(Printable.quoted(name)) is no number of a \(kind)",
            remedy: "`perigee \(kind) ls` shows them in its first column")
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
