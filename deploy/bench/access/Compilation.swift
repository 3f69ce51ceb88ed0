internal import AccessControl
internal import VolumeModel

extension AccessBenchmark {
    /// Making a view of large policies.
    static func compilation() throws {
        let user = try UserName("jane")
        print("compiling a view")
        for (what, isForAll) in [
            ("  10,000 rules, 1,000 teams, a user of ten teams", false),
            ("  the same with all rules for anyone", true),
        ] {
            let policy = try rules(user, areForAll: isForAll)
            measure(what, per: 1, .millisecond) {
                _ = AccessView(of: hst, for: .user(user), policy: policy, at: now)
            }
        }
        for (what, count) in [
            ("  100,000 classes, 3,000 attribute teams, a user of one", 1),
            ("  the same, a user of all", 3_000),
        ] {
            let policy = try classes(user, memberOf: count)
            print(what)
            measure("    first view, which makes the index of classes", per: 1, .millisecond) {
                _ = AccessView(
                    of: hst, for: .user(user), policy: policy,
                    classes: policy.volumes[hst].map { ClassIndex(of: $0) }, at: now)
            }
            let classes = policy.volumes[hst].map { ClassIndex(of: $0) }
            measure("    further view, with that index", per: 1, .millisecond) {
                _ = AccessView(
                    of: hst, for: .user(user), policy: policy, classes: classes, at: now)
            }
            let view = AccessView(
                of: hst, for: .user(user), policy: policy, classes: classes, at: now)
            measure("    its visible classes, and a decision", runs: 1, per: 1, .millisecond) {
                _ = view.visibleClasses.count
                _ = view.decision(AccessClassID(7), at: view.root, path: { [] })
            }
        }
    }

    /// 10,000 rules with patterns, about 1,000 teams of 20 members.
    private static func rules(_ user: UserName, areForAll: Bool) throws -> AccessPolicy {
        var sequence = Sequence()
        var policy = try users(user)
        let teams = try (0..<1_000).map { try TeamName("team-\($0)") }
        for (index, team) in teams.enumerated() {
            policy.teams[team] = try (0..<20).map { member in
                Membership(member: .user(try UserName("user-\((index * 7 + member) % 5_000)")))
            }
            if index % 100 == 0 {
                policy.teams[team]?.append(Membership(member: .user(user), role: .manager))
            }
            if index % 10 == 1 {
                policy.teams[team]?.append(Membership(member: .team(teams[index - 1])))
            }
        }
        var volume = VolumePolicy()
        for index in 0..<10_000 {
            let subject: Subject =
                areForAll ? .anyone : .team(TeamTemplate(teams[sequence.below(1_000)]), .member)
            let pattern = try PathPattern("jw\(10_000 + index)*/**/*_\(index % 7)?.fits")
            volume.rules.append(rule("rule-\(index)", .grant(.read), subject, pattern))
        }
        volume.rules.append(rule("open", .grant(.list), .anyone, nil))
        policy.volumes[hst] = volume
        return policy
    }

    /// 100,000 classes of 3,000 proposals with release times, each proposal with a team.
    private static func classes(_ user: UserName, memberOf count: Int) throws -> AccessPolicy {
        var policy = try users(user)
        for index in 0..<3_000 {
            policy.teams[try TeamName("jwst-\(index)")] = try (0..<10).map { member in
                Membership(
                    member: .user(
                        member == 0 && index < count
                            ? user : try UserName("user-\((index * 7 + member) % 5_000)")))
            }
        }
        var volume = VolumePolicy(
            embargo: EmbargoPolicy(
                period: EmbargoPolicy.Period(after: try AttributeKey("t_max"), months: 12)))
        volume.rules = [
            rule("open", .grant(.read), .anyone, nil),
            AccessRule(
                name: "pi", effect: .grant(.read),
                subject: .team(try TeamTemplate(parsing: "jwst-{proposal_id}"), .member),
                conditions: [.embargoed]),
        ]
        let taken = try AttributeKey("t_max")
        let kind = try AttributeKey("kind")
        for id in 1...100_000 {
            volume.classes[AccessClassID(Int64(id))] = AccessClass(attributes: [
                proposal: "\(id % 3_000)", taken: "\(60_000 + id % 1_500).\(id % 97)",
                kind: "kind-\(id % 11)",
            ])
        }
        volume.releases = (0..<3_000).filter { $0 % 10 == 0 }.map { index in
            ReleaseRow(
                key: proposal, value: "\(index)", metadata: nil,
                data: Timestamp(nanoseconds: now.nanoseconds + Int64(index) * 86_400_000_000_000))
        }
        policy.volumes[hst] = volume
        return policy
    }

    private static func users(_ user: UserName) throws -> AccessPolicy {
        var policy = AccessPolicy(users: [user: UserRecord()])
        for index in 0..<5_000 { policy.users[try UserName("user-\(index)")] = UserRecord() }
        return policy
    }
}
