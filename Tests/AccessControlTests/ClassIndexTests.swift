import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Class index")
struct ClassIndexTests {
    private static let classes = (0..<9).map { AccessClassID(Int64($0)) }

    /// Everything that a view says, on these paths.
    private struct Answers: Equatable {
        let id: UInt64
        let from: Timestamp
        let until: Timestamp?
        let volume: AccessDecision
        let uniform: AccessLevel?
        let visible: Set<AccessClassID>
        let decisions: [AccessDecision]
        let reach: [AccessView.Reach]

        init(_ view: AccessView, _ paths: [[UInt8]]) {
            (id, from, until) = (view.id, view.from, view.until)
            (volume, uniform, visible) = (view.volume, view.uniform, view.visibleClasses)
            decisions = paths.flatMap { path in
                ClassIndexTests.classes.map { id in
                    view.decision(id, at: view.place(at: path), path: { path })
                }
            }
            reach = paths.map { view.reach(below: view.place(at: $0)) }
        }
    }

    private func answers(
        _ policy: AccessPolicy, _ requester: Requester, _ now: Timestamp, _ classes: ClassIndex?,
        _ paths: [[UInt8]]
    ) -> Answers {
        Answers(
            AccessView(of: hst, for: requester, policy: policy, classes: classes, at: now), paths)
    }

    @Test("Views of many requesters through one index say what views without one do")
    func shared() {
        var access = RandomAccess(SeededRandom(announcing: "shared class index"))
        for _ in 0..<200 {
            let policy = access.policy(for: [hst])
            let classes = policy.volumes[hst].map { ClassIndex(of: $0) }
            for user in access.users {
                let now = access.instant()
                for requester in [Requester.anyone, .user(user)] {
                    #expect(
                        answers(policy, requester, now, classes, access.paths)
                            == answers(policy, requester, now, nil, access.paths),
                        "\(requester) at \(now.iso8601) under \(policy)")
                }
            }
        }
    }

    @Test("An index of other classes, release times or attributes is not used")
    func stale() {
        var access = RandomAccess(SeededRandom(announcing: "stale class index"))
        var fitting = 0
        for _ in 0..<300 {
            let before = access.policy(for: [hst])
            // Sometimes nothing but rules differs, so that the index may still be right.
            var policy = access.policy(for: [hst])
            switch access.random.below(4) {
            case 0: policy.volumes[hst]?.classes = before.volumes[hst]?.classes ?? [:]
            case 1:
                policy = before
                policy.volumes[hst]?.rules = access.volumePolicy(rules: 8, classes: 1).rules
            default: break
            }
            guard let old = before.volumes[hst], let new = policy.volumes[hst] else { continue }
            let classes = ClassIndex(of: old)
            fitting += classes.fits(new) ? 1 : 0
            let (requester, now) = (access.requester(), access.instant())
            #expect(
                answers(policy, requester, now, classes, access.paths)
                    == answers(policy, requester, now, nil, access.paths),
                "\(requester) at \(now.iso8601) under \(policy)")
        }
        #expect(fitting > 10)
    }

    @Test("An index fits as long as nothing that it was made from has changed")
    func fits() {
        var example = Example(rule("x", .grant(.read), "team:p-{proposal}", when: [.embargoed]))
        example.volume.embargo = EmbargoPolicy()
        example.setClass(1, ["proposal": "7", "kind": "raw"])
        let index = ClassIndex(of: example.volume)
        #expect(index.fits(example.volume))
        func fits(_ change: (inout Example) -> Void) -> Bool {
            var other = example
            change(&other)
            return index.fits(other.volume)
        }
        let row = ReleaseRow(
            key: key("proposal"), value: "7", metadata: nil, data: day("2027-01-01"))
        #expect(fits { $0.add("ada", to: "p-7") })
        #expect(fits { $0.volume.rules.append(rule("y", .denial(.list), "team:q-{proposal}")) })
        #expect(fits { $0.setClass(1, ["kind": "raw", "proposal": "7"]) })
        #expect(!fits { $0.setClass(1, ["kind": "raw", "proposal": "8"]) })
        #expect(!fits { $0.setClass(2, [:]) })
        #expect(!fits { $0.volume.classes = [:] })
        #expect(!fits { $0.volume.embargo = nil })
        #expect(!fits { $0.volume.embargo?.metadataWithData = true })
        #expect(!fits { $0.volume.releases = [row] })
        #expect(
            !fits {
                $0.volume.rules.append(
                    rule(
                        "y", .denial(.none), "anyone",
                        when: [.attribute(key("kind"), equals: "raw")]))
            })
    }

    @Test("Classes of any numbers are found again, in their order")
    func numbers() {
        var example = Example(rule("x", .grant(.read), "team:p-{proposal}"))
        example.add("ada", to: "p-7")
        for id: Int64 in [-5, 3, 4_000_000, .max] {
            example.setClass(id, ["proposal": id == 3 ? "8" : "7"])
        }
        let index = ClassIndex(of: example.volume)
        let view = AccessView(
            of: hst, for: .user(ada), policy: example.policy, classes: index, at: example.now)
        #expect(view.id == example.view(ada).id)
        #expect(view.visibleClasses == Set([-5, 4_000_000, .max].map { AccessClassID($0) }))
        for id: Int64 in [-6, -5, 0, 3, 4, 4_000_000, .max] {
            let decision = view.decision(AccessClassID(id), at: view.root, path: { [] })
            #expect(decision == example.decision(ada, class: id))
        }
    }
}
