internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel

extension TeamCommand {
    struct AddMember: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add-member",
            abstract: "Put a user or another team into a team, or give him another role or end.",
            discussion: """
                A team's members are members of every team that it is in. Teams cannot be in one \
                another in a circle.

                Example:
                  perigee team add-member jwst-1288 jane --role manager
                  perigee team add-member jwst-1288 team:calibration --until 2026-12-31
                """)

        @Argument(help: "The team's name.") var team: String
        @Argument(help: ArgumentHelp("Who.", valueName: "user|team:name")) var member: String
        @Option(help: "What he is there: owner, manager or member.") var role: TeamRole = .member
        @Option(
            help: ArgumentHelp(
                "When it ends: a span such as 30d, a day, or an instant.", valueName: "when"))
        var until: String?
        @OptionGroup var options: StateOptions

        func run() throws {
            let team = try TeamName(team)
            let membership = Membership(
                member: try TeamMember(parsing: member), role: role,
                until: try until.map { text throws(PerigeeError) in
                    try Expiry(parsing: text).instant
                })
            try options.store().perform([.setMembership(team, membership)], at: nil)
            if options.json {
                Output.object(MemberReport(team: team, membership))
            } else {
                let end = membership.until.map { " until \($0.iso8601)" } ?? ""
                options.say("\(membership.member.words) is \(role.rawValue) of \(team)\(end)")
            }
        }
    }

    struct RemoveMember: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-member",
            abstract: "Take a user or another team out of a team.",
            discussion: """
                Example:
                  perigee team remove-member jwst-1288 jane
                  perigee team remove-member jwst-1288 team:calibration
                """)

        @Argument(help: "The team's name.") var team: String
        @Argument(help: ArgumentHelp("Who.", valueName: "user|team:name")) var member: String
        @OptionGroup var options: StateOptions

        func run() throws {
            let team = try TeamName(team)
            let member = try TeamMember(parsing: member)
            try options.store().perform([.removeMembership(team, member)], at: nil)
            if options.json {
                Output.object(["team": team.string, "removed": member.words])
            } else {
                options.say("\(member.words) is in \(team) no more")
            }
        }
    }

    private struct MemberReport: Encodable {
        var team: String
        var member: String
        var role: String
        var until: String?

        init(team: TeamName, _ membership: Membership) {
            self.team = team.string
            let report = TeamReport.Member(membership)
            (member, role, until) = (report.member, report.role, report.until)
        }
    }
}

extension TeamRole: ExpressibleByArgument {}
