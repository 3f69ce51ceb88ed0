internal import VolumeModel

/// What is the same for all that is not there, and for all folders that somebody sees a part of:
/// differences would tell why.
package struct AccessRefusals: Sendable {
    /// How each kind of question was refused, with one question for each way.
    private var refusals: [Kind: [String: AccessQuestion]] = [:]
    /// The times that folders were seen to have, by state, with one question for each.
    private var times: [AccessQuestion: [Timestamp: AccessQuestion]] = [:]

    private enum Kind: Hashable {
        /// A volume that is not shown, or a state of one.
        case volume
        /// A revision of a volume that is shown.
        case revision
        /// A candidate, of any volume.
        case candidate
        /// A path of a state that is shown.
        case path
    }

    /// Nothing was asked yet.
    package init() {}

    /// Takes a report in.
    ///
    /// - Parameters:
    ///   - sight: what is seen of the state that was asked about.
    ///   - isVolumeShown: whether the volume's current revision is.
    package mutating func note(
        _ report: AccessReport, of question: AccessQuestion, _ sight: AccessSight,
        isVolumeShown: Bool
    ) {
        // A volume's own folder has the time of its revision in some front ends, and none in others.
        if let modified = report.modified, case .folder = report.answer, !sight.isWhole,
            !question.path.isRoot
        {
            let state = AccessQuestion(question.volume, question.revision, .root)
            times[state, default: [:]][modified] = question
        }
        guard report.answer == .absent, let refusal = report.refusal,
            let kind = kind(of: question, sight, isVolumeShown)
        else { return }
        refusals[kind, default: [:]][question.generalised(refusal)] = question
    }

    /// Nil for what may be refused in another way: a path below a file that is shown.
    private func kind(
        of question: AccessQuestion, _ sight: AccessSight, _ isVolumeShown: Bool
    ) -> Kind? {
        guard sight.isRootVisible else {
            if question.revision == .candidate { return .candidate }
            return isVolumeShown ? .revision : .volume
        }
        var above = question.path.parentAndName?.parent
        while let folder = above, !folder.isRoot {
            if sight.tree.nodes[folder.bytes]?.kind == .file, sight.shows(folder.bytes) {
                return nil
            }
            above = folder.parentAndName?.parent
        }
        return .path
    }

    /// Where something differs.
    package var faults: [String] {
        refusals.filter { $0.value.count > 1 }.map { kind, ways in
            "what is absent is refused in \(ways.count) ways: "
                + ways.map { "\($0.value): \($0.key)" }.sorted().joined(separator: " | ")
        }
            + times.filter { $0.value.count > 1 }.map { state, times in
                "\(state): folders of a part have \(times.count) times: "
                    + times.values.map { "\($0)" }.sorted().joined(separator: ", ")
            }
    }
}
