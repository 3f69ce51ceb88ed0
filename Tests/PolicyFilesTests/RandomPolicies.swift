import PerigeeTesting

/// Random policy files that are right, over few names, so that they meet.
struct RandomPolicies {
    static let users = ["jane", "joe", "ann.b", "k@x"]
    static let teams = ["a", "b-team", "c.d", "e_f", "jwst-1288"]
    static let volumes = ["hst", "jwst", "euclid-q1"]
    private static let days = ["2024-02-29", "2025-01-01T12:00:00Z", "\"2031-12-31\""]
    private static let paths = ["\"**/*.fits\"", "a/b", "x-?/**", "\"{a,b}/c\"", "[p, q/**]"]

    var random: SeededRandom

    /// The documents of a set of files.
    mutating func documents() -> [String] {
        var documents: [String] = []
        for volume in Self.volumes where !random.once(in: 3) {
            documents.append(self.volume(volume))
        }
        for (index, team) in Self.teams.enumerated() where !random.once(in: 3) {
            documents.append(self.team(team, above: index))
        }
        for volume in Self.volumes where !random.once(in: 3) { documents.append(policy(volume)) }
        return documents.shuffled(using: &random)
    }

    private mutating func volume(_ name: String) -> String {
        var text =
            "kind: Volume\nname: \(name)\ntitle: \(random.pick(["One", "\"2\"", "'Ü: x'"]))\n"
        text += "source: archive:\(name)\n"
        for key in ["mission", "doi", "contact"] where random.once(in: 3) {
            text += "\(key): \(random.pick(["x", "y z"]))\n"
        }
        switch random.below(4) {
        case 0: text += "embargo: {metadata: with-data}\n"
        case 1: text += "embargo:\n  after: t_max\n  months: \(random.below(1_201))\n"
        case 2: text += "embargo: {after: t_min, months: 6, metadata: open}\n"
        default: break
        }
        if random.once(in: 2) {
            text += "attributes:\n  - path: \"jw{proposal_id:5}*/**\"\n  - path: \"{x}/**\"\n"
        }
        if random.once(in: 3) { text += "revocation: \(random.pick(["soft", "hard"]))\n" }
        if random.once(in: 3) { text += "audit: \(random.pick(["required", "best-effort"]))\n" }
        return text
    }

    /// - Parameter index: a team holds only those behind it, so that there is no cycle.
    private mutating func team(_ name: String, above index: Int) -> String {
        var text = "kind: Team\nname: \(name)\n"
        if random.once(in: 2) { text += "title: Team \(random.below(3))\n" }
        if random.once(in: 5) { return text }
        var members = Self.users.filter { _ in random.once(in: 2) }.map { "user: \($0)" }
        members += Self.teams.dropFirst(index + 1).filter { _ in random.once(in: 3) }
            .map { "team: \($0)" }
        guard !members.isEmpty else { return text + "members: []\n" }
        text += "members:\n"
        for member in members.shuffled(using: &random) {
            text += "  - \(member)\n"
            if random.once(in: 3) {
                text += "    role: \(random.pick(["owner", "manager", "member"]))\n"
            }
            if random.once(in: 3) { text += "    until: \(random.pick(Self.days))\n" }
        }
        return text
    }

    private mutating func policy(_ volume: String) -> String {
        var text = "kind: Policy\nvolume: \(volume)\nrules:\n"
        for name in ["one", "two", "three-3", "public"].shuffled(using: &random).prefix(
            1 + random.below(4))
        {
            text += "  - name: \(name)\n"
            text +=
                random.once(in: 3)
                ? "    deny: \(random.pick(["none", "discover", "list"]))\n"
                : "    grant: \(random.pick(["read", "list", "discover"]))\n"
            let subjects = (0...random.below(3)).map { _ in subject() }
            text +=
                subjects.count == 1
                ? "    to: \(subjects[0])\n" : "    to: [\(subjects.joined(separator: ", "))]\n"
            if random.once(in: 2) { text += "    path: \(random.pick(Self.paths))\n" }
            if random.once(in: 3) {
                text += "    when: \(random.pick(["released", "[released, x=1]", "x=y"]))\n"
            }
            if random.once(in: 4) { text += "    from: 2020-01-01\n" }
            if random.once(in: 4) { text += "    until: \(random.pick(Self.days))\n" }
        }
        return text
    }

    private mutating func subject() -> String {
        switch random.below(5) {
        case 0: "anyone"
        case 1: "authenticated"
        case 2: "\"user:\(random.pick(Self.users))\""
        case 3: "\"team:jwst-{proposal_id}\""
        default: "team:\(random.pick(Self.teams))\(random.pick(["", "#manager", "#owner"]))"
        }
    }
}
