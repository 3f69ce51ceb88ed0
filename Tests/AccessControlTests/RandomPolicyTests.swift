import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Views of random policies")
struct RandomPolicyTests {
    private static let classes = (0..<9).map { AccessClassID(Int64($0)) }

    /// A random question: a policy, who asks and when.
    private struct Case {
        let policy: AccessPolicy
        let requester: Requester
        let now: Timestamp
        let view: AccessView
        let naive: NaiveAccess

        /// - Parameter classes: the index that all questions of the policy share; nil: none.
        init(_ access: inout RandomAccess, _ policy: AccessPolicy, _ classes: ClassIndex?) {
            self.policy = policy
            requester = access.requester()
            now = access.instant()
            view = AccessView(
                of: hst, for: requester, policy: policy, classes: classes, at: now)
            naive = NaiveAccess(policy, requester, at: now)
        }

        func level(_ path: [UInt8], _ id: AccessClassID) -> AccessLevel {
            view.decision(id, at: view.place(at: path), path: { path }).level
        }

        func isKnown(_ id: AccessClassID) -> Bool {
            id == .none || policy.volumes[hst]?.classes[id] != nil
        }

        var text: String { "\(requester) at \(now.iso8601) under \(policy)" }
    }

    private func cases(
        _ purpose: String, _ count: Int, _ body: (inout RandomAccess, Case) -> Void
    ) {
        var access = RandomAccess(SeededRandom(announcing: purpose))
        for _ in 0..<count {
            access.paths = (0..<10).map { _ in access.path() }
            let policy = access.policy(for: [hst])
            let classes = policy.volumes[hst].map { ClassIndex(of: $0) }
            for number in 0..<4 {
                // Half of them as who asks alone, half as one of many.
                body(&access, Case(&access, policy, number % 2 == 0 ? nil : classes))
            }
        }
    }

    @Test("Every level is what the text says", .timeLimit(.minutes(5)))
    func levels() {
        var counts: [AccessLevel: Int] = [:]
        cases("access levels", 1_500) { access, made in
            #expect(made.view.volume.level == made.naive.level(on: hst))
            for _ in 0..<6 {
                let path =
                    access.random.once(in: 3) ? access.path() : access.random.pick(access.paths)
                let id = access.random.pick(Self.classes)
                let level = made.naive.level(of: path, id, in: hst)
                counts[level, default: 0] += 1
                #expect(
                    made.level(path, id) == level,
                    "\(String(decoding: path, as: UTF8.self)), class \(id.value), \(made.text)")
            }
        }
        // Else the test compares refusals with refusals.
        #expect(AccessLevel.allCases.allSatisfy { counts[$0, default: 0] > 300 }, "\(counts)")
    }

    @Test("What holds everywhere, below a folder or of a class holds for each entry")
    func summaries() {
        var counts: [String: Int] = [:]
        cases("access summaries", 400) { access, made in
            var paths = Set(access.paths)
            for path in access.paths {
                for index in path.indices where path[index] == UInt8(ascii: "/") {
                    paths.insert(Array(path[..<index]))
                }
            }
            var levels: [[UInt8]: [AccessLevel]] = [:]
            let known = Self.classes.filter { made.isKnown($0) }
            for path in paths {
                levels[path] = known.map { made.naive.level(of: path, $0, in: hst) }
                for (id, level) in zip(known, levels[path]!) where level >= .list {
                    #expect(made.view.visibleClasses.contains(id), "\(id) \(made.text)")
                }
            }
            counts["hidden classes", default: 0] += known.count - made.view.visibleClasses.count
            for folder in paths.union([[]]) {
                let below = levels.filter { path, _ in
                    folder.isEmpty || path.starts(with: folder + [UInt8(ascii: "/")])
                }.flatMap(\.value)
                let reach = made.view.reach(below: made.view.place(at: folder))
                #expect(reach == made.view.reach(below: made.view.place(at: folder)))
                counts["reach \(reach)", default: 0] += 1
                switch reach {
                case .nothing: #expect(below.allSatisfy { $0 < .list }, "\(made.text)")
                case .everything: #expect(below.allSatisfy { $0 >= .list }, "\(made.text)")
                case .some: break
                }
            }
        }
        for count in ["hidden classes", "reach nothing", "reach everything"] {
            #expect(counts[count, default: 0] > 3, "\(counts)")
        }
    }

    @Test("The one level of a view is that of each entry")
    func uniform() {
        var counts: [AccessLevel: Int] = [:]
        // One view in some hundred is open to all.
        cases("access uniform", 4_000) { access, made in
            guard let uniform = made.view.uniform else { return }
            counts[uniform, default: 0] += 1
            for path in access.paths {
                for id in Self.classes where made.isKnown(id) {
                    #expect(made.naive.level(of: path, id, in: hst) == uniform, "\(made.text)")
                }
            }
        }
        #expect(counts[.none, default: 0] > 3 && counts[.read, default: 0] > 3, "\(counts)")
    }

    @Test("A view decides the same at all instants of its time")
    func intervals() {
        var later = 0
        cases("access intervals", 500) { access, made in
            let view = made.view
            #expect(view.from <= made.now)
            if let until = view.until { #expect(made.now < until) }
            let paths = access.paths
            for _ in 0..<12 {
                let other = access.instant()
                guard view.from <= other, view.until.map({ other < $0 }) ?? true else { continue }
                later += other == made.now ? 0 : 1
                let naive = NaiveAccess(made.policy, made.requester, at: other)
                #expect(view.volume.level == naive.level(on: hst))
                for path in paths.prefix(3) {
                    for id in Self.classes {
                        #expect(
                            made.level(path, id) == naive.level(of: path, id, in: hst),
                            "at \(other.iso8601) \(made.text)")
                    }
                }
            }
        }
        #expect(later > 500)
    }

    @Test("Views with one id decide alike, and a change of a decision changes the id")
    func identity() {
        var views: [UInt64: [AccessDecision]] = [:]
        var (met, shared) = (0, 0)
        cases("access ids", 600) { access, made in
            // The same paths for all policies, since one id may come out of several.
            let paths = ["a", "b/a", "jw1/x.fits", "ab/é", "é", "jw2/b"].map { path($0) }
            let decisions = paths.flatMap { path in
                Self.classes.map { id in
                    made.view.decision(id, at: made.view.place(at: path), path: { path })
                }
            }
            met += 1
            let again = AccessView(
                of: hst, for: made.requester, policy: made.policy, at: made.now)
            #expect(again.id == made.view.id)
            if let known = views.updateValue(decisions, forKey: made.view.id) {
                shared += 1
                #expect(known == decisions, "\(made.text)")
            }
        }
        #expect(shared > 100 && views.count > 100, "\(shared) of \(met)")
    }

    @Test("Names one by one lead where the whole path does")
    func steps() {
        cases("access places", 300) { access, made in
            for path in access.paths {
                var place = made.view.root
                for name in path.split(separator: UInt8(ascii: "/")) {
                    place = Array(name).withUnsafeBytes { made.view.place(of: $0, in: place) }
                }
                let whole = made.view.place(at: path)
                for id in Self.classes {
                    #expect(
                        made.view.decision(id, at: place, path: { path })
                            == made.view.decision(id, at: whole, path: { path }))
                }
            }
        }
    }

    @Test("An explanation comes to the view's decision, and names what decides")
    func explanations() {
        var nearest = 0
        cases("access explanations", 500) { access, made in
            let path = access.random.once(in: 6) ? nil : access.random.pick(access.paths)
            let id = access.random.pick(Self.classes)
            let explanation = AccessExplanation(
                of: hst, path: path, accessClass: id, for: made.requester, policy: made.policy,
                at: made.now)
            let found = explanation.deciding
            #expect(found.level == explanation.decision.level, "\(made.text)")
            if explanation.decision.level > .none {
                #expect(found.grant?.rule.name == explanation.decision.grant, "\(made.text)")
            }
            #expect(!explanation.lines.isEmpty)
            guard let missed = found.nearest else { return }
            nearest += 1
            #expect(!missed.unmet.isEmpty, "\(explanation)")
            guard case .grant(let level) = missed.rule.effect else {
                Issue.record("a denial gives nothing")
                return
            }
            #expect(level > found.level)
        }
        #expect(nearest > 500)
    }
}
