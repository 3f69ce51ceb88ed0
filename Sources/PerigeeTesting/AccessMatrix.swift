internal import AccessControl
package import VolumeModel
internal import VolumeService

/// The same questions, asked of every front end, for every principal.
package struct AccessMatrix: Sendable {
    /// What is asked about.
    package let world: AccessWorld
    /// The questions.
    package var questions: [AccessQuestion]

    /// All that anybody could ask of a world: each path of each revision in all revisions, those
    /// that never were, and odd ones.
    package init(of world: AccessWorld) throws {
        self.world = world
        let model = world.model
        var questions: [AccessQuestion] = []
        for (name, volume) in model.volumes {
            var paths: Set<[UInt8]> = [[]]
            for tree in volume.revisions + [volume.candidate].compactMap(\.self) {
                paths.formUnion(tree.nodes.keys)
            }
            paths.formUnion(Self.odd(beside: paths))
            let revisions =
                [RevisionSelector.current, .candidate]
                + (1...(volume.revisions.count + 1)).compactMap { RevisionNumber($0) }
                .map { .pinned($0) }
            for revision in revisions {
                for path in paths {
                    questions.append(AccessQuestion(name, revision, try EntryPath(path)))
                }
            }
        }
        for revision in [RevisionSelector.current, .candidate] {
            questions.append(AccessQuestion(try VolumeName("no-such"), revision, .root))
        }
        self.questions = questions.sorted { $0.description < $1.description }
    }

    /// Names that are nearly others, and that are none.
    private static func odd(beside paths: Set<[UInt8]>) -> [[UInt8]] {
        var odd = ["nothing", "nothing/below", "*", "é", "a\nb", " "].map { Array($0.utf8) }
        odd.append(Array(repeating: UInt8(ascii: "n"), count: EntryPath.longestSegment))
        let some = paths.sorted { $0.lexicographicallyPrecedes($1) }
        for (index, path) in some.enumerated() where !path.isEmpty {
            switch index % 4 {
            case 0: odd.append(path + Array("x".utf8))
            case 1: odd.append(Array(path.dropLast()))
            case 2: odd.append(path + Array("/nothing".utf8))
            default: odd.append(Array(String(decoding: path, as: UTF8.self).uppercased().utf8))
            }
        }
        return odd.filter { EntryPath.fault(in: $0) == nil && !paths.contains($0) }
    }

    /// Asks a front end everything, and says what is wrong with its answers.
    ///
    /// - Parameter isAsked: which of the questions; all.
    package func faults(
        of driver: some AccessDriver, at time: Timestamp? = nil,
        where isAsked: (AccessQuestion) -> Bool = { _ in true }
    ) async throws -> [String] {
        let model = world.model
        let now = time ?? world.hand.now
        var faults: [String] = []
        let listed = try await driver.volumes()
        let volumes = model.volumes(
            for: driver.principal, from: driver.listsVolumesFrom, showing: driver.showing, at: now)
        if let listed, listed != volumes {
            faults.append("volumes: \(listed) instead of \(volumes)")
        }
        var refusals = AccessRefusals()
        var states: [AccessQuestion: State] = [:]
        for question in questions where isAsked(question) {
            let root = AccessQuestion(question.volume, question.revision, .root)
            let state = states[root] ?? State(model, root, driver, now)
            states[root] = state
            let expected = model.answer(question, by: state.sight)
            let report = try await driver.report(question)
            if report.answer != expected {
                faults.append("\(question): \(report.answer) instead of \(expected)")
            }
            // The state's owner may know why.
            guard driver.principal != .owner else { continue }
            refusals.note(
                report, of: question, state.sight,
                isVolumeShown: volumes.contains(question.volume))
            faults += state.leaks.faults(in: report, of: question)
        }
        faults += refusals.faults
        if let totals = try await driver.totals() {
            let whole = volumes.map { name in
                model.sight(
                    of: name, .current, for: driver.principal, showing: driver.showing, at: now)
            }.filter(\.isWhole)
            faults += AccessLeaks.faults(in: totals, whole: whole)
        }
        return faults.map { "\(driver.principal): \($0)" }
    }

    /// What is the same for all questions about a state of a volume.
    private struct State {
        let sight: AccessSight
        let leaks: AccessLeaks

        init(
            _ model: AccessModel, _ state: AccessQuestion, _ driver: some AccessDriver,
            _ now: Timestamp
        ) {
            let whole = model.sight(
                of: state.volume, state.revision, for: driver.principal, showing: driver.showing,
                at: now)
            sight = driver.showsEmptyFolders ? whole : whole.withoutEmptyFolders
            leaks = AccessLeaks(model, state.volume, sight)
        }
    }
}
