internal import AccessControl
internal import ControlStore
internal import PolicyFiles
internal import VolumeModel

/// What has to be done so that teams are as a table says.
struct TeamSync {
    /// Marks the teams that a sync made: one that is in no table any more is emptied.
    static let label = PolicyPlan.syncLabel

    /// One thing that changes.
    struct Change: Encodable {
        /// `+`, `-` or `~`.
        var mark: String
        var kind: String
        var team: String?
        var name: String
        var role: String?
        var until: String?

        /// `+ jwst-1288 user:jane manager until 2026-12-31T00:00:00Z`.
        var line: String {
            [
                mark, team, kind == "membership" ? nil : kind, name, role,
                until.map { "until \($0)" },
            ]
            .compactMap(\.self).joined(separator: " ")
        }
    }

    /// What to do, in this order.
    private(set) var operations: [ControlOperation] = []
    /// The same for people.
    private(set) var changes: [Change] = []
    /// Memberships that there are now, in the teams that the table rules.
    private(set) var present = 0
    /// Those of them that end.
    private(set) var removed = 0

    /// Compares a table with what there is.
    ///
    /// - Throws: `.conflict` where a team belongs to policy files, by file and line.
    init(_ table: TeamTable, on snapshot: ControlSnapshot) throws(PerigeeError) {
        let named = table.teams.sorted { $0.key < $1.key }
        for (name, team) in named {
            guard let label = snapshot.teams[name]?.label, label != Self.label else { continue }
            throw PerigeeError(
                .conflict,
                "\(table.file):\(team.line): the team \(name) is made by policy files"
                    + " (\(Printable.escaped(Array(label.utf8))))",
                remedy: "take it out of the table, or out of the policies; nothing was changed")
        }
        addUsers(named.flatMap { $0.value.members.keys }, snapshot)
        for (name, team) in named {
            if snapshot.teams[name] == nil {
                operations.append(.setTeam(name, TeamRecord(label: Self.label)))
                changes.append(Change(mark: "+", kind: "team", name: name.string))
            }
            setMembers(of: name, to: team.members.mapValues(\.membership), snapshot)
        }
        let forgotten = snapshot.teams.filter {
            $0.value.label == Self.label && table.teams[$0.key] == nil
        }
        for name in forgotten.keys.sorted() { setMembers(of: name, to: [:], snapshot) }
    }

    /// Whether more than a tenth of the memberships end, which is a broken table more often than it
    /// is meant.
    var isShrinking: Bool { removed * 10 > present }

    private mutating func addUsers(_ names: [UserName], _ snapshot: ControlSnapshot) {
        for name in Set(names).sorted() where snapshot.policy.users[name] == nil {
            operations.append(.addUser(name))
            changes.append(Change(mark: "+", kind: "user", name: name.string))
        }
    }

    private mutating func setMembers(
        of team: TeamName, to wanted: [UserName: Membership], _ snapshot: ControlSnapshot
    ) {
        let members = snapshot.policy.teams[team, default: []]
        present += members.count
        var before: [UserName: Membership] = [:]
        for membership in members.sorted(by: Self.order) {
            if case .user(let user) = membership.member {
                before[user] = membership
                if wanted[user] != nil { continue }
            }
            // Teams in a team are in no table, so the table says that they are not there.
            operations.append(.removeMembership(team, membership.member))
            changes.append(Change("-", team, membership))
            removed += 1
        }
        for (user, membership) in wanted.sorted(by: { $0.key < $1.key }) {
            guard before[user] != membership else { continue }
            operations.append(.setMembership(team, membership))
            changes.append(Change(before[user] == nil ? "+" : "~", team, membership))
        }
    }

    private static func order(_ left: Membership, _ right: Membership) -> Bool {
        left.member.words.utf8.lexicographicallyPrecedes(right.member.words.utf8)
    }
}

extension TeamSync.Change {
    fileprivate init(_ mark: String, _ team: TeamName, _ membership: Membership) {
        self.init(
            mark: mark, kind: "membership", team: team.string, name: membership.member.words,
            role: membership.role.rawValue, until: membership.until?.iso8601)
    }
}
