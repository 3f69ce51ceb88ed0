import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

/// The volume of most examples.
let hst = known(try VolumeName("hst"))
let ada = known(try UserName("ada"))
let ben = known(try UserName("ben"))

func team(_ name: String) -> TeamName { known(try TeamName(name)) }

func key(_ name: String) -> AttributeKey { known(try AttributeKey(name)) }

func day(_ text: String) -> Timestamp { known(try Timestamp(parsing: text)) }

func path(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A rule in few words.
func rule(
    _ name: String, _ effect: AccessRule.Effect, _ subject: String, on pattern: String? = nil,
    when conditions: [AccessCondition] = [], from: String? = nil, until: String? = nil
) -> AccessRule {
    AccessRule(
        name: name, effect: effect, subject: known(try Subject(parsing: subject)),
        pattern: known(try pattern.map { try PathPattern($0) }), conditions: conditions,
        from: from.map(day), until: until.map(day), place: "policies/\(name).yaml:1:1")
}

/// A policy of one volume `hst`, and the questions that examples ask of it: each answer is compared
/// with that of the naive evaluator.
struct Example {
    var policy = AccessPolicy(users: [ada: UserRecord(), ben: UserRecord()])
    var now = day("2026-06-01")

    init(_ rules: AccessRule...) { policy.volumes[hst] = VolumePolicy(rules: rules) }

    /// The part about `hst`.
    var volume: VolumePolicy {
        get { policy.volumes[hst]! }
        set { policy.volumes[hst] = newValue }
    }

    /// Gives the volume a class.
    mutating func setClass(
        _ id: Int64, _ attributes: [String: String], link: AccessClass.Link? = nil
    ) {
        volume.classes[AccessClassID(id)] = AccessClass(
            attributes: Dictionary(
                uniqueKeysWithValues: attributes.map { (key($0.key), $0.value) }), link: link)
    }

    /// Makes somebody or a team part of a team.
    mutating func add(
        _ member: String, to name: String, _ role: TeamRole = .member, until: String? = nil
    ) {
        let known = try? UserName(member)
        let isUser = known.map { policy.users[$0] != nil } ?? false
        policy.teams[team(name), default: []].append(
            Membership(
                member: isUser ? .user(known!) : .team(team(member)), role: role,
                until: until.map(day)))
    }

    func view(_ user: UserName?, at now: Timestamp? = nil) -> AccessView {
        AccessView(
            of: hst, for: user.map { .user($0) } ?? .anyone, policy: policy, at: now ?? self.now)
    }

    func decision(
        _ user: UserName?, _ text: String = "f", class id: Int64 = 0, at now: String? = nil
    ) -> AccessDecision {
        let now = now.map(day) ?? self.now
        let view = view(user, at: now)
        let bytes = path(text)
        let decision = view.decision(
            AccessClassID(id), at: view.place(at: bytes), path: { bytes })
        let naive = NaiveAccess(policy, user.map { .user($0) } ?? .anyone, at: now)
        #expect(decision.level == naive.level(of: bytes, AccessClassID(id), in: hst))
        return decision
    }

    func level(
        _ user: UserName?, _ text: String = "f", class id: Int64 = 0, at now: String? = nil
    ) -> AccessLevel {
        decision(user, text, class: id, at: now).level
    }
}
