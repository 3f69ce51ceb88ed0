internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

/// As whom a command reads.
struct ReaderOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Read as this user, by the word of the state's owner (default: as anyone).",
            valueName: "user"))
    var user: String?

    @Flag(help: "Read as the state's owner, who sees everything and candidates; audited.")
    var owner = false

    func validate() throws {
        guard user == nil || !owner else {
            throw ValidationError("Give either --as USER or --owner.")
        }
    }

    /// Who that is. What is read as somebody else than anyone is entered into the audit first.
    ///
    /// - Parameters:
    ///   - command: its name, for the audit.
    ///   - references: what it reads.
    /// - Throws: `.invalidArgument`, `.notFound` for the user; what writing the store throws.
    func principal(
        for command: String, _ references: [String], _ options: StateOptions
    ) throws(PerigeeError) -> Principal {
        if owner {
            let store = try options.store()
            for text in references {
                // What is no reference is refused where it is read.
                guard let named = try? VolumeReference(parsing: text) else { continue }
                try store.note(.readAsOwner, named.volume.string, "\(command) \(named)")
            }
            return .owner
        }
        guard let user else { return .anyone }
        return try ActingUser.principal(
            user, for: "\(command) \(references.joined(separator: " "))", options)
    }
}

/// Somebody as whom the state's owner acts.
enum ActingUser {
    /// The principal, once that is in the audit.
    ///
    /// - Parameter what: the command, for the audit; nil where that is there already.
    /// - Throws: `.invalidArgument`, `.notFound`; what writing the store throws.
    static func principal(
        _ text: String, for what: String?, _ options: StateOptions
    ) throws(PerigeeError) -> Principal {
        if text == "anyone" { return .anyone }
        let user = try UserName(text)
        let store = try options.store()
        guard try store.snapshot().policy.users[user] != nil else {
            throw PerigeeError(
                .notFound, "there is no user \(user)",
                remedy: "`perigee user ls` lists the users; `perigee user add \(user)` adds one")
        }
        if let what { try store.note(.actedAs, user.string, what) }
        return .user(user, credential: nil)
    }
}
