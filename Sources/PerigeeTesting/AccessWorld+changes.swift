package import AccessControl
internal import ControlStore
package import VolumeModel

/// Changes by one word each, for tests that are about what follows from them.
extension AccessWorld {
    /// Adds a rule, or replaces the one of that name.
    package func set(_ rule: AccessRule, on volume: VolumeName) throws {
        try apply([.setRule(volume, rule, label: nil)])
    }

    /// Takes a rule away.
    package func removeRule(_ name: String, from volume: VolumeName) throws {
        try apply([.removeRule(volume, name: name)])
    }

    /// Sets how a volume is guarded; paths tell nothing of its entries.
    package func guardVolume(
        _ volume: VolumeName, embargo: EmbargoPolicy? = nil, isRevocationHard: Bool = false
    ) throws {
        try apply([
            .setSettings(
                volume, VolumeSettings(embargo: embargo, isRevocationHard: isRevocationHard))
        ])
    }

    /// Replaces a volume's attribute table.
    package func setAttributes(_ rows: [AttributeRow], of volume: VolumeName) throws {
        try apply([.setAttributeRows(volume, rows)])
    }

    /// Replaces a volume's table of releases.
    package func setReleases(_ rows: [ReleaseRow], of volume: VolumeName) throws {
        try apply([.setReleases(volume, rows)])
    }

    /// Adds a user, who is a member of a team where one is named.
    @discardableResult
    package func addUser(_ name: String, in team: String? = nil) throws -> Principal {
        let user = try UserName(name)
        try apply([.addUser(user)])
        if let team {
            let team = try TeamName(team)
            try apply([
                .setTeam(team, TeamRecord()),
                .setMembership(team, Membership(member: .user(user))),
            ])
        }
        return .user(user, credential: nil)
    }

    /// Locks a user out, or lets him in again.
    package func setDisabled(_ isDisabled: Bool, _ name: String) throws {
        try apply([.setUserDisabled(try UserName(name), isDisabled)])
    }

    /// Takes a user out of a team.
    package func remove(_ name: String, from team: String) throws {
        try apply([.removeMembership(try TeamName(team), .user(try UserName(name)))])
    }

    /// Makes a token of a user, and gives whoever calls by it.
    package func addToken(
        of name: String, volumes: Set<VolumeName>? = nil, expires: Timestamp? = nil
    ) throws -> Principal {
        let facts = CredentialFacts(
            user: try UserName(name), volumes: volumes, expires: expires)
        // A hash of nothing that anybody could show.
        var random = SystemRandomNumberGenerator()
        let hash = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        let token = try fixture.store.addToken(CredentialDraft(facts: facts), hash: hash)
        note(token.id, facts)
        return .user(facts.user, credential: token.id)
    }

    /// Takes a token away.
    package func removeToken(of principal: Principal) throws {
        guard case .user(_, let credential?) = principal else { return }
        try fixture.store.removeCredential(.token, credential)
        note(credential, nil)
    }
}

extension AccessRule {
    /// A grant.
    package static func granting(
        _ level: AccessLevel, to subject: String, _ pattern: String? = nil,
        _ conditions: [AccessCondition] = [], named name: String
    ) throws -> AccessRule {
        AccessRule(
            name: name, effect: .grant(level), subject: try Subject(parsing: subject),
            pattern: try pattern.map { try PathPattern($0) }, conditions: conditions)
    }

    /// A denial.
    package static func denying(
        above level: AccessLevel, to subject: String, _ pattern: String? = nil,
        named name: String
    ) throws -> AccessRule {
        AccessRule(
            name: name, effect: .denial(level), subject: try Subject(parsing: subject),
            pattern: try pattern.map { try PathPattern($0) })
    }
}

extension AttributeRow {
    /// A row by words.
    package init(_ pattern: String, _ key: String, _ value: String) throws {
        self.init(pattern: try PathPattern(pattern), key: try AttributeKey(key), value: value)
    }
}
