package import AccessControl
package import VolumeModel

/// Makes policies, classes, paths, requesters and instants at random, from few enough names and
/// instants that they meet.
///
/// Give it the paths of a real tree and the patterns are made from them.
package struct RandomAccess: Sendable {
    /// Where chance comes from.
    package var random: SeededRandom
    /// The paths that patterns are made from and links lead to.
    package var paths: [[UInt8]]
    /// The users of every policy.
    package let users: [UserName]
    /// Its teams; the last three are named by the attribute `proposal_id`.
    package let teams: [TeamName]
    /// Instants at which things flip: days after 2026-01-01.
    package let days = 8

    /// The attribute that teams are named by.
    package static let proposal = known(try AttributeKey("proposal_id"))
    /// Another attribute.
    package static let kind = known(try AttributeKey("kind"))
    /// The attribute that embargo periods start at.
    package static let taken = known(try AttributeKey("t_max"))

    /// - Parameter paths: empty for paths made at random.
    package init(_ random: SeededRandom, paths: [[UInt8]] = []) {
        self.random = random
        self.paths = paths
        users = known(try ["ada", "ben", "cy"].map { try UserName($0) })
        teams = known(try ["all", "inner", "staff", "p-1", "p-2", "p-3"].map { try TeamName($0) })
        if paths.isEmpty { self.paths = (0..<12).map { _ in path() } }
    }

    /// An instant, on a flip or between two.
    package mutating func instant() -> Timestamp {
        let half = Timestamp.nanosecondsOfDay / 2
        return Timestamp(
            nanoseconds: 1_767_225_600_000_000_000 + Int64(random.below(2 * days)) * half)
    }

    /// Somebody, at times somebody who is not known.
    package mutating func requester() -> Requester {
        if random.once(in: 5) { return .anyone }
        if random.once(in: 10) { return .user(known(try UserName("nobody"))) }
        return .user(random.pick(users))
    }

    /// A path over few names, some with characters of several bytes.
    package mutating func path() -> [UInt8] {
        let names = ["a", "b", "ab", "é", "jw1", "jw2", "x.fits", "😀b"]
        let count = 1 + random.below(4)
        return Array((0..<count).map { _ in random.pick(names) }.joined(separator: "/").utf8)
    }

    /// A pattern that matches one of the paths, or a folder above one, or nearly so.
    package mutating func pattern() -> PathPattern {
        let path = String(decoding: random.pick(paths), as: UTF8.self)
        var segments = path.split(separator: "/").map(String.init)
        segments = Array(segments.prefix(1 + random.below(segments.count)))
        for index in segments.indices where !random.once(in: 3) {
            segments[index] = segment(like: segments[index])
        }
        if random.once(in: 3) {
            let start = random.below(segments.count + 1)
            let end = start + random.below(segments.count - start + 1)
            segments.replaceSubrange(start..<end, with: ["**"])
        }
        return (try? PathPattern(segments.joined(separator: "/"))) ?? known(try PathPattern("**/*"))
    }

    private mutating func segment(like name: String) -> String {
        let escaped = name.map { "*?{},\\".contains($0) ? "\\\($0)" : String($0) }
        let cut = random.below(escaped.count + 1)
        switch random.below(6) {
        case 0: return "*"
        case 1: return escaped[..<cut].joined() + "*"
        case 2: return "*" + escaped[cut...].joined()
        case 3: return escaped.map { random.once(in: 2) ? "?" : $0 }.joined()
        case 4: return "{\(escaped.joined()),b}"
        default: return escaped[..<cut].joined() + "{\(escaped[cut...].joined()),*z}"
        }
    }

    /// A policy for these volumes, with classes from 1 to `classes`.
    package mutating func policy(
        for volumes: [VolumeName], rules: Int = 8, classes: Int = 6
    ) -> AccessPolicy {
        var policy = AccessPolicy()
        for user in users { policy.users[user] = UserRecord(isDisabled: random.once(in: 8)) }
        for (index, team) in teams.enumerated() {
            policy.teams[team] = (0..<random.below(4)).map { _ in
                // A team has members among those before it only, so that none nests in itself.
                let isTeam = index > 0 && random.once(in: 3)
                return Membership(
                    member: isTeam
                        ? .team(teams[random.below(index)]) : .user(random.pick(users)),
                    role: random.pick(TeamRole.allCases),
                    until: random.once(in: 3) ? instant() : nil)
            }
        }
        for volume in volumes {
            policy.volumes[volume] = volumePolicy(rules: rules, classes: classes)
        }
        return policy
    }

    /// The part of a policy about one volume.
    package mutating func volumePolicy(rules: Int, classes: Int) -> VolumePolicy {
        var policy = VolumePolicy()
        policy.rules = (0..<1 + random.below(rules)).map { rule(named: "rule-\($0)") }
        if !random.once(in: 3) {
            policy.embargo = EmbargoPolicy(
                period: random.once(in: 2)
                    ? EmbargoPolicy.Period(after: Self.taken, months: random.below(3)) : nil,
                metadataWithData: random.once(in: 3))
        }
        policy.releases = (0..<random.below(3)).map { _ in
            ReleaseRow(
                key: random.pick([Self.proposal, Self.kind]), value: random.pick(["1", "2"]),
                metadata: random.once(in: 2) ? instant() : nil,
                data: random.once(in: 2) ? instant() : nil)
        }
        for id in 1...max(classes, 1) {
            // At times a number is left out: a class that nobody knows.
            if random.once(in: 12) { continue }
            var made = AccessClass(attributes: attributes())
            if random.once(in: 5) {
                made.link = AccessClass.Link(
                    path: random.pick(paths), target: random.once(in: 5) ? nil : path(),
                    targetClass: AccessClassID(Int64(random.below(classes + 2))))
            }
            policy.classes[AccessClassID(Int64(id))] = made
        }
        return policy
    }

    /// Attributes of a class.
    package mutating func attributes() -> [AttributeKey: String] {
        var attributes: [AttributeKey: String] = [:]
        if random.once(in: 2) {
            attributes[Self.proposal] = random.pick(["1", "2", "3", "4", "No Team", ""])
        }
        if random.once(in: 2) { attributes[Self.kind] = random.pick(["1", "2", "raw"]) }
        if random.once(in: 3) { attributes[.dataRelease] = written(instant()) }
        if random.once(in: 4) { attributes[.metadataRelease] = written(instant()) }
        if random.once(in: 3) {
            // Whole and half days from 30 days before the first instant on, as a decimal number.
            let halves = 2 * 61_011 + random.below(2 * days + 60)
            attributes[Self.taken] = random.pick([
                "\(halves / 2).\(halves % 2 * 5)", written(instant()), "soon", "12",
            ])
        }
        return attributes
    }

    private mutating func written(_ instant: Timestamp) -> String {
        random.once(in: 8) ? "tomorrow" : instant.iso8601
    }

    /// A rule.
    package mutating func rule(named name: String) -> AccessRule {
        let granted: AccessLevel = random.pick([
            .none, .discover, .list, .list, .read, .read, .read, .read,
        ])
        let effect: AccessRule.Effect =
            random.once(in: 4)
            ? .denial(random.pick(AccessLevel.allCases)) : .grant(granted)
        var conditions: [AccessCondition] = []
        while random.once(in: 4) {
            conditions.append(
                random.pick([
                    .embargoed, .released, .attribute(Self.kind, equals: "raw"),
                    .attribute(Self.kind, equals: "1"), .attribute(Self.proposal, equals: "2"),
                ]))
        }
        return AccessRule(
            name: name, effect: effect,
            subject: subject(), pattern: random.once(in: 3) ? nil : pattern(),
            conditions: conditions, from: random.once(in: 5) ? instant() : nil,
            until: random.once(in: 5) ? instant() : nil, place: "policies/random.yaml:1:1")
    }

    /// Whom a rule is about.
    package mutating func subject() -> Subject {
        switch random.below(6) {
        case 0, 1: return .anyone
        case 2: return .authenticated
        case 3: return .user(random.pick(users))
        case 4: return .team(TeamTemplate(random.pick(teams)), random.pick(TeamRole.allCases))
        default:
            let text = random.pick(["p-{proposal_id}", "p-{proposal_id}", "{kind}-{proposal_id}"])
            return .team(known(try TeamTemplate(parsing: text)), random.pick(TeamRole.allCases))
        }
    }
}
