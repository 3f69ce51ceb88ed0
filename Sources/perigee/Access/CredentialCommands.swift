internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import Identity
internal import VolumeModel

/// What commands about keys say otherwise than those about tokens.
protocol CredentialNoun {
    static var kind: CredentialKind { get }
    /// What is listed of each.
    static var columns: String { get }
    /// What one is named by.
    static var naming: String { get }
}

/// `key ls`, `token ls`.
struct CredentialList<Noun: CredentialNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "ls", abstract: "List the \(Noun.kind)s: \(Noun.columns).",
            discussion: "Example: perigee \(Noun.kind) ls --user jane")
    }

    @Option(help: "Those of this user alone.") var user: String?
    @OptionGroup var options: StateOptions

    func run() throws {
        let user = try user.map { name throws(PerigeeError) in try UserName(name) }
        for (record, standing) in try options.credentials().list(Noun.kind, of: user) {
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
}

/// `key rm`, `token rm`.
struct CredentialRemove<Noun: CredentialNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "rm", abstract: "Take a \(Noun.kind) away for ever.",
            discussion: "Example: perigee \(Noun.kind) rm 3")
    }

    @Argument(help: ArgumentHelp(Noun.naming, valueName: "\(Noun.kind)")) var name: String
    @OptionGroup var options: StateOptions

    func run() throws {
        let credentials = try options.credentials()
        let id = try credentials.id(Noun.kind, name)
        try credentials.revoke(Noun.kind, id)
        if options.json {
            Output.object(["removed": id.value])
        } else {
            options.say("Removed the \(Noun.kind) \(id)")
        }
    }
}

/// `key renew`, `token renew`.
struct CredentialRenew<Noun: CredentialNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "renew",
            abstract: "Let a \(Noun.kind) hold again after a restore, or give it another end.",
            discussion: """
                After a restore no key or token holds, since one that was taken away meanwhile \
                would hold again. Renew those that should.

                Example: perigee \(Noun.kind) renew 3 --expires 30d
                """)
    }

    @Argument(help: ArgumentHelp(Noun.naming, valueName: "\(Noun.kind)")) var name: String
    @Option(
        help: ArgumentHelp(
            "When it ends: a span such as 8h or 30d, a day, or an instant (default: as it was).",
            valueName: "when"))
    var expires: String?
    @OptionGroup var options: StateOptions

    func run() throws {
        let credentials = try options.credentials()
        let id = try credentials.id(Noun.kind, name)
        let end = try expires.map { text throws(PerigeeError) in
            try Expiry(parsing: text).instant
        }
        try credentials.renew(Noun.kind, id, expires: end)
        guard let found = try credentials.list(Noun.kind).first(where: { $0.record.id == id })
        else { return }
        let report = CredentialReport(found.record, found.standing)
        if options.json {
            Output.object(report)
        } else {
            options.say(
                "Renewed the \(Noun.kind) \(id) of \(report.user), which ends:"
                    + " \(report.expires ?? "never")")
        }
    }
}

extension Credentials {
    /// The one of that number, or the key of that access key ID.
    fileprivate func id(
        _ kind: CredentialKind, _ name: String
    ) throws(PerigeeError) -> CredentialID {
        if let number = Int64(name), number > 0 { return CredentialID(number) }
        guard kind == .key, name.hasPrefix("PGKA") else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(name)) is no number of a \(kind)",
                remedy: "`perigee \(kind) ls` shows them in its first column")
        }
        guard let found = try list(kind).first(where: { $0.record.accessKeyID == name }) else {
            throw PerigeeError(
                .notFound, "there is no key \(Printable.quoted(name))",
                remedy: "`perigee key ls` lists them")
        }
        return found.record.id
    }
}
