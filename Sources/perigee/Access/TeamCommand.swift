internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel

struct TeamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "team",
        abstract: "Say which teams there are, and who is in them.",
        discussion: """
            Example:
              perigee team add jwst-1288 --title "Programme 1288"
              perigee team add-member jwst-1288 jane --role manager
              perigee team add-member jwst-1288 team:calibration --until 2026-12-31
              perigee team sync --from proposals.tsv
            """,
        subcommands: [
            Add.self, List.self, Show.self, AddMember.self, RemoveMember.self, Remove.self,
            Sync.self,
        ])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a team.",
            discussion: "Example: perigee team add calibration --title \"Calibration group\"")

        @Argument(help: "The team's name.") var name: String
        @Option(help: "One line for people.") var title: String?
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try TeamName(name)
            let store = try options.store()
            let snapshot = try store.snapshot()
            guard snapshot.teams[name] == nil else {
                throw PerigeeError(
                    .conflict, "there is a team \(name) already", remedy: "choose another name")
            }
            let record = TeamRecord(title: title)
            try store.perform([.setTeam(name, record)], at: snapshot.epoch)
            if options.json {
                Output.object(TeamReport(name, record, members: []))
            } else {
                options.say("Added the team \(name)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List the teams: name, members, title.",
            discussion: "Example: perigee team ls --json")

        @OptionGroup var options: StateOptions

        func run() throws {
            let snapshot = try options.store().snapshot()
            for (name, record) in snapshot.teams.sorted(by: { $0.key < $1.key }) {
                let members = snapshot.policy.teams[name, default: []]
                if options.json {
                    Output.object(TeamReport(name, record, members: members))
                } else {
                    Output.line(
                        "\(name)\t\(Human.count(members.count, "member"))\t"
                            + Printable.escaped(Array((record.title ?? "").utf8)))
                }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a team: its members with role and end, and the teams it is in.",
            discussion: "Example: perigee team show jwst-1288")

        @Argument(help: "The team's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try TeamName(name)
            let snapshot = try options.store().snapshot()
            guard let record = snapshot.teams[name] else { throw TeamCommand.missing(name) }
            let parents = snapshot.policy.teams
                .filter { $0.value.contains { $0.member == .team(name) } }.keys.sorted()
            let report = TeamReport(
                name, record, members: snapshot.policy.teams[name, default: []], parents: parents)
            if options.json { return Output.object(report) }
            let facts: [(String, String?)] = [
                ("Team", name.string), ("Title", record.title), ("Label", record.label),
                ("Member of", parents.isEmpty ? nil : report.memberOf?.joined(separator: ", ")),
            ]
            for (label, value) in facts {
                guard let value else { continue }
                let padding = String(repeating: " ", count: 11 - label.count)
                Output.line("\(label)\(padding)\(Printable.escaped(Array(value.utf8)))")
            }
            for member in report.members {
                let until = member.until.map { "\tuntil \($0)" } ?? ""
                Output.line("  \(member.member)\t\(member.role)\(until)")
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Remove a team with its memberships.",
            discussion: """
                A team that a rule names, or that is a member of another, has to be taken out of \
                that first.

                Example: perigee team rm jwst-1288
                """)

        @Argument(help: "The team's name.") var name: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let name = try TeamName(name)
            try options.store().perform([.removeTeam(name)], at: nil)
            if options.json {
                Output.object(["removed": name.string])
            } else {
                options.say("Removed the team \(name)")
            }
        }
    }

    static func missing(_ name: TeamName) -> PerigeeError {
        PerigeeError(
            .notFound, "there is no team \(name)", remedy: "`perigee team ls` lists them")
    }
}

/// A team as JSON.
struct TeamReport: Encodable {
    var name: String
    var title: String?
    var label: String?
    var members: [Member]
    var memberOf: [String]?

    struct Member: Encodable {
        var member: String
        var role: String
        var until: String?

        init(_ membership: Membership) {
            member = membership.member.words
            role = membership.role.rawValue
            until = membership.until?.iso8601
        }
    }

    init(
        _ name: TeamName, _ record: TeamRecord, members: [Membership], parents: [TeamName]? = nil
    ) {
        self.name = name.string
        title = record.title
        label = record.label
        self.members = members.map { Member($0) }
            .sorted { $0.member.utf8.lexicographicallyPrecedes($1.member.utf8) }
        memberOf = parents?.map(\.string)
    }
}

extension TeamMember {
    /// `user:NAME` or `team:NAME`.
    var words: String {
        switch self {
        case .user(let name): "user:\(name)"
        case .team(let name): "team:\(name)"
        }
    }

    /// Reads what `words` gives, or a user's bare name.
    ///
    /// - Throws: `.invalidArgument`.
    init(parsing text: String) throws(PerigeeError) {
        if text.hasPrefix("team:") {
            self = .team(try TeamName(String(text.dropFirst(5))))
        } else if text.hasPrefix("user:") {
            self = .user(try UserName(String(text.dropFirst(5))))
        } else {
            self = .user(try UserName(text))
        }
    }
}
