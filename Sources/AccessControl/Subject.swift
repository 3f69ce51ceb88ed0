package import VolumeModel

/// What a member of a team is there. A higher role includes the lower ones: an owner is a manager,
/// and a manager a member.
package enum TeamRole: String, Comparable, Sendable, CaseIterable {
    case member
    case manager
    case owner

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .member: 0
        case .manager: 1
        case .owner: 2
        }
    }
}

/// The name of a team, or a pattern of names with attributes of an entry's class in braces:
/// `jwst-{proposal_id}` is the team `jwst-1288` for an entry whose class says `proposal_id` 1288,
/// and no team for one whose class says nothing of it, or something no team can be called.
package struct TeamTemplate: Hashable, Sendable, CustomStringConvertible {
    /// A part of a template.
    package enum Part: Hashable, Sendable {
        case text(String)
        case attribute(AttributeKey)
    }

    /// The parts in order; no two texts beside each other.
    package let parts: [Part]

    /// The template that is one team's name.
    package init(_ team: TeamName) { parts = [.text(team.string)] }

    /// Reads `jwst-{proposal_id}`.
    ///
    /// - Throws: `.invalidArgument` for unbalanced braces, a key that is none, or a text that no
    ///   team's name can hold.
    package init(parsing text: String) throws(PerigeeError) {
        var parts: [Part] = []
        var literal = ""
        var key: String?
        for character in text {
            switch (character, key) {
            case ("{", nil):
                if !literal.isEmpty { parts.append(.text(literal)) }
                (literal, key) = ("", "")
            case ("}", let name?):
                parts.append(.attribute(try AttributeKey(name)))
                key = nil
            case ("{", _), ("}", _): throw Self.fault(text)
            case (_, let name?): key = name + String(character)
            default: literal.append(character)
            }
        }
        guard key == nil else { throw Self.fault(text) }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
        // With values as plain as can be it has to be a name.
        _ = try TeamName(
            parts.map { part in if case .text(let text) = part { text } else { "0" } }.joined())
    }

    /// The one team that it names, or nil where it depends on the class.
    package var team: TeamName? {
        guard parts.count == 1, case .text(let text) = parts[0] else { return nil }
        return try? TeamName(text)
    }

    /// The attributes that it depends on.
    package var keys: [AttributeKey] {
        parts.compactMap { if case .attribute(let key) = $0 { key } else { nil } }
    }

    /// The team for a class with these attributes, or nil.
    package func team(for attributes: [AttributeKey: String]) -> TeamName? {
        var name = ""
        for part in parts {
            switch part {
            case .text(let text): name += text
            case .attribute(let key):
                guard let value = attributes[key] else { return nil }
                name += value
            }
        }
        return try? TeamName(name)
    }

    package var description: String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .attribute(let key): "{\(key)}"
            }
        }.joined()
    }

    private static func fault(_ text: String) -> PerigeeError {
        PerigeeError(
            .invalidArgument, "the team \(Printable.quoted(text)) has unbalanced braces",
            remedy: "write an attribute as in jwst-{proposal_id}")
    }
}

/// Whom a rule is about.
package enum Subject: Hashable, Sendable, CustomStringConvertible {
    /// Everybody, with or without an identity.
    case anyone
    /// Everybody with an identity.
    case authenticated
    /// One user.
    case user(UserName)
    /// The members of a team with at least that role, those of nested teams among them.
    case team(TeamTemplate, TeamRole)

    /// Reads `anyone`, `authenticated`, `user:NAME`, `team:NAME` or `team:NAME#ROLE`.
    ///
    /// - Throws: `.invalidArgument`.
    package init(parsing text: String) throws(PerigeeError) {
        if text == "anyone" {
            self = .anyone
        } else if text == "authenticated" {
            self = .authenticated
        } else if text.hasPrefix("user:") {
            self = .user(try UserName(String(text.dropFirst(5))))
        } else if text.hasPrefix("team:") {
            let words = text.dropFirst(5).split(
                separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            var role = TeamRole.member
            if words.count == 2 {
                guard let named = TeamRole(rawValue: String(words[1])) else {
                    throw PerigeeError(
                        .invalidArgument, "\(Printable.quoted(String(words[1]))) is no role",
                        remedy: "a role is owner, manager or member")
                }
                role = named
            }
            self = .team(try TeamTemplate(parsing: String(words[0])), role)
        } else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no subject",
                remedy: "write anyone, authenticated, user:NAME, team:NAME or team:NAME#ROLE")
        }
    }

    package var description: String {
        switch self {
        case .anyone: "anyone"
        case .authenticated: "authenticated"
        case .user(let name): "user:\(name)"
        case .team(let team, .member): "team:\(team)"
        case .team(let team, let role): "team:\(team)#\(role.rawValue)"
        }
    }
}
