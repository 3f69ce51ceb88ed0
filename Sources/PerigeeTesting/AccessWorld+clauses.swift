package import AccessControl
internal import ControlStore
package import VolumeModel

/// A small world in which each sentence of "What a subject sees" is true of some entry and somebody.
extension AccessWorld {
    /// Somebody who is asked for.
    package enum Clause {
        /// Nobody in particular.
        package static let stranger = Principal.anyone
        /// A user without teams.
        package static let user = user("ursula")
        /// A member of a team in a team that rules name.
        package static let nested = user("nina")
        /// A manager of the team that rules name.
        package static let manager = user("marie")
        /// A member of the team of proposal 1288.
        package static let proposer = user("paul")
        /// A member whose membership has ended.
        package static let former = user("fred")
        /// A member who is locked out.
        package static let disabled = user("dora")
        /// Somebody who is no user.
        package static let unknown = user("xaver")

        /// All of them.
        package static let everybody = [
            stranger, user, nested, manager, proposer, former, disabled, unknown,
        ]

        private static func user(_ name: String) -> Principal {
            .user(known(try UserName(name)), credential: nil)
        }
    }

    /// Instants before, between and after which things are released: at `clausesTime` the first is
    /// past and the others are to come.
    private static let past = Timestamp(nanoseconds: 946_684_800_000_000_000)  // 2000-01-01
    private static let later = "2095-01-01"

    /// Makes the world in `folder`.
    package static func ofClauses(in folder: String, at time: Timestamp = .now) throws
        -> AccessWorld
    {
        let world = try AccessWorld(in: folder, at: time)
        try world.addPeople()
        try world.addPaths()
        try world.addEmbargo()
        try world.addLevels()
        return world
    }

    private func addPeople() throws {
        let names = ["ursula", "nina", "marie", "paul", "fred", "dora"]
        let team = try TeamName("archive")
        let inner = try TeamName("archive-inner")
        let proposal = try TeamName("jwst-1288")
        try apply(try names.map { .addUser(try UserName($0)) })
        try apply([
            .setTeam(team, TeamRecord()), .setTeam(inner, TeamRecord()),
            .setTeam(proposal, TeamRecord()),
            .setMembership(team, Membership(member: .team(inner))),
            .setMembership(inner, Membership(member: .user(try UserName("nina")))),
            .setMembership(team, Membership(member: .user(try UserName("marie")), role: .manager)),
            .setMembership(proposal, Membership(member: .user(try UserName("paul")))),
            .setMembership(
                team, Membership(member: .user(try UserName("fred")), until: Self.past)),
            .setMembership(team, Membership(member: .user(try UserName("dora")))),
            .setUserDisabled(try UserName("dora"), true),
        ])
    }

    private func grant(
        _ name: String, _ level: AccessLevel, to subject: String, _ pattern: String? = nil,
        _ conditions: [AccessCondition] = [], from: Timestamp? = nil, until: Timestamp? = nil
    ) throws -> AccessRule {
        AccessRule(
            name: name, effect: .grant(level), subject: try Subject(parsing: subject),
            pattern: try pattern.map { try PathPattern($0) }, conditions: conditions, from: from,
            until: until)
    }

    private func denial(
        _ name: String, _ level: AccessLevel, to subject: String, _ pattern: String? = nil,
        _ conditions: [AccessCondition] = []
    ) throws -> AccessRule {
        AccessRule(
            name: name, effect: .denial(level), subject: try Subject(parsing: subject),
            pattern: try pattern.map { try PathPattern($0) }, conditions: conditions)
    }

    private func rules(_ volume: VolumeName, _ rules: [AccessRule]) throws {
        try apply(rules.map { .setRule(volume, $0, label: nil) })
    }

    private func files(_ volume: VolumeName, _ paths: [String]) throws {
        for path in paths {
            if path.hasSuffix("/") {
                try DiskFile.makeFolders(self.path(volume, String(path.dropLast())))
            } else {
                try write(volume, path, Array("what \(volume) holds at \(path) first".utf8))
            }
        }
    }

    /// Folders, patterns, denials, takedowns, links, revisions.
    private func addPaths() throws {
        let volume = try addVolume("paths")
        try files(
            volume,
            [
                "open/readable-1.fits", "open/inner/readable-2.fits", "open/taken/taken-1.fits",
                "shut/secret-1.fits", "shut/inner/secret-2.fits",
                "mixed/readable-3.fits", "mixed/secret-3.fits",
                "far/away/down/readable-4.fits", "far/away/secret-4.fits", "far/secret-5.fits",
                "far/empty-there/", "vacant-open/", "vacant-shut/", "vacant-seen/",
                "holder/vacant-in/",
                "seen/listed-1.fits", "seen/readable-6.fits", "seen/inner/listed-2.fits",
                "found/discovered-1.fits", "team/teamwork-1.fits", "managed/managed-1.fits",
                "jw01288/raw/proposal-1.fits", "jw02222/raw/proposal-2.fits",
                "jw-none/proposal-0.fits",
                "ended/ended-1.fits", "coming/coming-1.fits", "kind-a/sort-a.fits",
                "kind-b/sort-b.fits",
                "links/",
            ])
        for (name, target) in [
            ("to-readable", "../open/readable-1.fits"), ("to-secret", "../shut/secret-1.fits"),
            ("to-listed", "../seen/listed-1.fits"), ("to-mixed", "../mixed"),
            ("to-shut", "../shut"), ("to-proposals", "../jw01288"),
        ] {
            try DiskFile.link(path(volume, "links/\(name)"), to: target)
        }
        // A link in a folder that is closed, to something open.
        try DiskFile.link(path(volume, "shut/from-shut"), to: "../open/readable-1.fits")
        try publish(volume)
        let proposal = try AttributeKey("proposal_id")
        try apply([
            .setSettings(
                volume,
                VolumeSettings(expressions: [try PathExpression("jw{proposal_id:5}/**")])),
            .setAttributeRows(
                volume,
                [
                    AttributeRow(
                        pattern: try PathPattern("jw01288"), key: proposal, value: "1288"),
                    AttributeRow(
                        pattern: try PathPattern("kind-*/sort-a.fits"),
                        key: try AttributeKey("kind"), value: "a"),
                ]),
        ])
        try rules(
            volume,
            [
                grant("open", .read, to: "anyone", "open"),
                grant("mixed", .read, to: "anyone", "mixed/readable-*"),
                grant("far", .read, to: "anyone", "**/readable-4.fits"),
                grant("vacant", .list, to: "anyone", "**/vacant-{open,in}"),
                grant("vacant-team", .read, to: "team:archive", "vacant-seen"),
                grant("seen", .list, to: "anyone", "seen"),
                grant("seen-readable", .read, to: "anyone", "seen/readable-?.fits"),
                grant("found", .discover, to: "anyone", "found"),
                grant("team", .read, to: "team:archive", "team/**"),
                grant("managed", .read, to: "team:archive#manager", "managed"),
                grant("proposal", .read, to: "team:jwst-{proposal_id}", "jw*"),
                grant("ended", .read, to: "authenticated", "ended", until: Self.past),
                grant("coming", .read, to: "authenticated", "coming", from: .distantFuture),
                grant(
                    "kind", .read, to: "authenticated", "kind-*",
                    [.attribute(try AttributeKey("kind"), equals: "a")]),
                grant("links", .read, to: "anyone", "links"),
                denial("takedown", .none, to: "anyone", "open/taken"),
                denial("not-ursula", .list, to: "user:ursula", "mixed"),
            ])
        // A second revision, which pinned paths outlive, and a third that is not published.
        try write(volume, "open/readable-1.fits", Array("what is there in the second".utf8))
        try write(volume, "open/readable-7.fits", Array("what came with the second".utf8))
        try write(volume, "shut/secret-7.fits", Array("a secret of the second".utf8))
        try DiskFile.remove(path(volume, "open/inner/readable-2.fits"))
        try DiskFile.remove(path(volume, "links/to-mixed"))
        try DiskFile.link(path(volume, "links/to-mixed"), to: "../shut")
        try DiskFile.remove(path(volume, "links/to-secret"))
        try DiskFile.link(path(volume, "links/to-secret"), to: "../open/readable-7.fits")
        try publish(volume)
        try write(volume, "open/candidate-8.fits", Array("nobody has seen this".utf8))
        try scan(volume)
    }

    /// Release times of metadata and data, and who is before them.
    private func addEmbargo() throws {
        let volume = try addVolume("embargo")
        try files(
            volume,
            [
                "jw01288/out-1.fits", "jw01288/between-1.fits", "jw01288/before-1.fits",
                "jw02222/out-2.fits", "jw02222/between-2.fits", "jw02222/before-2.fits",
                "by-period/old-1.fits", "by-period/new-1.fits", "without/never-1.fits",
                "early/extended-1.fits",
            ])
        try publish(volume)
        func row(_ pattern: String, _ key: AttributeKey, _ value: String) throws -> AttributeRow {
            AttributeRow(pattern: try PathPattern(pattern), key: key, value: value)
        }
        let start = try AttributeKey("t_max")
        let proposal = try AttributeKey("proposal_id")
        try apply([
            .setSettings(
                volume,
                VolumeSettings(
                    embargo: EmbargoPolicy(period: EmbargoPolicy.Period(after: start, months: 12)))),
            .setAttributeRows(
                volume,
                [
                    row("*/out-*", .dataRelease, "2001-01-01"),
                    row("*/between-*", .dataRelease, Self.later),
                    row("*/between-*", .metadataRelease, "2001-01-01"),
                    row("*/before-*", .dataRelease, Self.later),
                    row("*/before-*", .metadataRelease, Self.later),
                    row("by-period/old-1.fits", start, "2010-05-05T12:00:00Z"),
                    row("by-period/new-1.fits", start, "\(Self.later)T00:00:00Z"),
                    row("jw01288", proposal, "1288"), row("jw02222", proposal, "2222"),
                    row("early", .dataRelease, "2001-01-01"), row("early", proposal, "3333"),
                ]),
            // An extension of what would be out.
            .setReleases(
                volume,
                [
                    ReleaseRow(
                        key: proposal, value: "3333", metadata: nil, data: .distantFuture)
                ]),
        ])
        try rules(
            volume,
            [
                grant("all", .read, to: "anyone"),
                grant("own", .read, to: "team:jwst-{proposal_id}", nil, [.embargoed]),
                denial("managers-wait", .none, to: "user:marie", "by-period", [.released]),
            ])
    }

    /// Volumes that are told of, are there without anything in them, or do not exist.
    private func addLevels() throws {
        let told = try addVolume("told")
        let bare = try addVolume("bare")
        let closed = try addVolume("closed")
        let whole = try addVolume("whole")
        for volume in [told, bare, closed, whole] {
            try files(volume, ["of-\(volume)/item-\(volume).fits"])
            try publish(volume)
        }
        try addVolume("unpublished")
        try files(try VolumeName("unpublished"), ["draft/unpublished-1.fits"])
        try scan(try VolumeName("unpublished"))
        try rules(try VolumeName("unpublished"), [grant("all", .read, to: "anyone")])
        try rules(
            told,
            [
                grant("told", .discover, to: "anyone"),
                grant("managers", .read, to: "team:archive#manager"),
            ])
        try rules(
            bare,
            [
                grant("all", .list, to: "authenticated"),
                denial("inside", .none, to: "authenticated", "*"),
            ])
        try rules(whole, [grant("all", .read, to: "anyone")])
    }
}

extension Timestamp {
    /// A time that no test lives to see: 2100-01-01.
    package static let distantFuture = Timestamp(nanoseconds: 4_102_444_800_000_000_000)
}
