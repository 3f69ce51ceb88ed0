package import AccessControl
package import ControlStore
package import VolumeModel
package import VolumeService

/// What is published and who may see it, kept in the plainest way.
package struct AccessModel: Sendable {
    /// A volume.
    package struct Volume: Sendable {
        /// What each published revision holds, the first at 0.
        package private(set) var revisions: [ReferenceTree] = []
        /// What the candidate holds, where there is one.
        package private(set) var candidate: ReferenceTree?
        /// What is at the origin, as far as anybody has looked.
        package private(set) var origin = ReferenceTree()
        /// The number of the current revision; 0 before the first.
        package var current = 0
        /// The rules by their names.
        package var rules: [String: AccessRule] = [:]
        /// What the table of releases says.
        package var releases: [ReleaseRow] = []
        /// How it is guarded.
        package var settings = VolumeSettings()
        /// What the attribute table says.
        package var rows: [AttributeRow] = []

        mutating func scanned(_ tree: ReferenceTree, hasCandidate: Bool) {
            origin = tree
            candidate = hasCandidate ? tree : nil
        }

        mutating func published() {
            guard let candidate else { return }
            revisions.append(candidate)
            current = revisions.count
            self.candidate = nil
        }

        /// What a state of it holds; nil where there is none.
        package func tree(_ revision: RevisionSelector) -> ReferenceTree? {
            let number: Int
            switch revision {
            case .current: number = current
            case .pinned(let pinned): number = pinned.value
            case .candidate: return candidate
            }
            return (1...max(revisions.count, 1)).contains(number) && !revisions.isEmpty
                ? revisions[number - 1] : nil
        }

        /// The attributes of the entry at a path: what a row says, else the first expression that
        /// knows.
        package func attributes(_ path: [UInt8]) -> [AttributeKey: String] {
            var found: [AttributeKey: String] = [:]
            for expression in settings.expressions.reversed() {
                found.merge(expression.attributes(of: path) ?? [:]) { $1 }
            }
            for row in rows where row.pattern.covers(path) { found[row.key] = row.value }
            return found
        }
    }

    /// The users, and whether they are locked out.
    package var users: [UserName: UserRecord] = [:]
    /// The teams.
    package var teams: [TeamName: [Membership]] = [:]
    /// The keys and tokens that hold.
    package var credentials: [CredentialID: CredentialFacts] = [:]
    /// The volumes.
    package var volumes: [VolumeName: Volume] = [:]

    /// Makes a change, which the store has taken.
    package mutating func apply(_ operation: ControlOperation) {
        switch operation {
        case .addUser(let user): users[user] = UserRecord()
        case .setUserDisabled(let user, let isDisabled): users[user]?.isDisabled = isDisabled
        case .removeUser(let user):
            users[user] = nil
            for team in teams.keys { remove(.user(user), from: team) }
            credentials = credentials.filter { $0.value.user != user }
        case .setTeam(let team, _): teams[team, default: []] += []
        case .removeTeam(let team): teams[team] = nil
        case .setMembership(let team, let membership):
            remove(membership.member, from: team)
            teams[team]?.append(membership)
        case .removeMembership(let team, let member): remove(member, from: team)
        case .setSettings(let volume, let settings): volumes[volume]?.settings = settings
        case .setRule(let volume, let rule, _): volumes[volume]?.rules[rule.name] = rule
        case .removeRule(let volume, let name): volumes[volume]?.rules[name] = nil
        case .setAttributeRows(let volume, let rows): volumes[volume]?.rows = rows
        case .setReleases(let volume, let releases): volumes[volume]?.releases = releases
        // Of no meaning for what anybody sees.
        case .setMetadata, .setLabel, .classesAssigned: break
        case .addVolume(let draft, _): volumes[draft.name] = Volume()
        }
    }

    /// Whether a volume's revocations end what is open.
    package func isRevocationHard(_ volume: VolumeName) -> Bool {
        volumes[volume]?.settings.isRevocationHard ?? false
    }

    private mutating func remove(_ member: TeamMember, from team: TeamName) {
        teams[team]?.removeAll { $0.member == member }
    }
}

extension AccessModel {
    /// What a principal has to see of a volume's state at an instant.
    package func sight(
        of name: VolumeName, _ revision: RevisionSelector, for principal: Principal,
        showing: ShownEntries, at time: Timestamp
    ) -> AccessSight {
        guard let volume = volumes[name], let tree = volume.tree(revision) else { return .nothing }
        if principal == .owner {
            return AccessSight(of: tree, showing: showing, volume: .read) { _ in .read }
        }
        guard revision != .candidate, let requester = requester(principal, of: name, at: time)
        else { return .nothing }
        let judge = AccessJudge(self, name, tree, requester, time)
        return AccessSight(
            of: tree, showing: showing, volume: judge.volumeLevel, level: judge.level)
    }

    /// What a question has to be answered with at an instant.
    package func expected(
        _ question: AccessQuestion, for principal: Principal, showing: ShownEntries,
        at time: Timestamp
    ) -> AccessAnswer {
        answer(
            question,
            by: sight(
                of: question.volume, question.revision, for: principal, showing: showing, at: time))
    }

    /// What a question has to be answered with by somebody who sees that much of the revision.
    package func answer(_ question: AccessQuestion, by sight: AccessSight) -> AccessAnswer {
        let path = question.path.bytes
        guard sight.shows(path) else { return .absent }
        guard let node = sight.tree.nodes[path], node.kind == .file else {
            return .folder(sight.names(in: path))
        }
        guard sight.mayRead(path) else { return .closed(size: node.size) }
        let real = sight.tree.targets[path] ?? path
        let isThere = volumes[question.volume]?.origin.nodes[real]?.content == node.content
        return isThere ? .content(node.content) : .gone(size: node.size)
    }

    /// The volumes that a list has to hold, in byte order.
    package func volumes(
        for principal: Principal, from least: AccessLevel, showing: ShownEntries,
        at time: Timestamp
    ) -> [VolumeName] {
        volumes.keys.filter { name in
            if least >= .list {
                return sight(of: name, .current, for: principal, showing: showing, at: time)
                    .isRootVisible
            }
            guard let volume = volumes[name], let tree = volume.tree(.current),
                let requester = requester(principal, of: name, at: time)
            else { return principal == .owner }
            return AccessJudge(self, name, tree, requester, time).volumeLevel >= least
        }.sorted { $0.string.utf8.lexicographicallyPrecedes($1.string.utf8) }
    }

    /// Who asks, as rules see him; nil where his key or token does not hold for the volume.
    private func requester(
        _ principal: Principal, of volume: VolumeName, at time: Timestamp
    ) -> Requester? {
        switch principal {
        case .owner: return nil
        case .anyone: return .anyone
        case .user(let user, nil): return .user(user)
        case .user(let user, let credential?):
            guard let facts = credentials[credential], facts.user == user,
                facts.expires.map({ time < $0 }) ?? true,
                facts.volumes?.contains(volume) ?? true
            else { return nil }
            return .user(user)
        }
    }
}
