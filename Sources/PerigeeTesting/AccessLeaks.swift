package import VolumeModel

/// Looks for what belongs to entries that do not exist for somebody in what he was told.
package struct AccessLeaks: Sendable {
    private let hidden: Set<String>

    /// - Parameters:
    ///   - volume: what was asked about.
    ///   - sight: what may be seen of the state that was asked about.
    package init(_ model: AccessModel, _ volume: VolumeName, _ sight: AccessSight) {
        // Names that are shown somewhere may be told. Short ones are parts of words.
        let shown = Set(sight.visible.map { Self.name(of: $0) })
        var hidden: Set<String> = []
        let volume = model.volumes[volume]
        for tree in (volume?.revisions ?? []) + [volume?.candidate].compactMap(\.self) {
            for (path, node) in tree.nodes where !sight.visible.contains(path) {
                let name = Self.name(of: path)
                if name.utf8.count > 3, !shown.contains(name) { hidden.insert(name) }
                // What it holds, too.
                if node.content.count > 8 {
                    hidden.insert(String(decoding: node.content.prefix(40), as: UTF8.self))
                }
            }
        }
        self.hidden = hidden
    }

    /// What is in a report and should not be; the question's own words may come back.
    package func faults(in report: AccessReport, of question: AccessQuestion) -> [String] {
        let said = report.words + (report.refusal ?? "")
        let asked = question.description
        return hidden.filter { said.contains($0) && !asked.contains($0) }.map {
            "\(question): \($0) is told of in \(said)"
        }
    }

    private static func name(of path: [UInt8]) -> String {
        String(decoding: path.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self)
    }

    /// What is wrong with totals: they may count what is shown of volumes of which all is.
    ///
    /// - Parameter whole: the volumes of which everything is shown.
    package static func faults(in totals: AccessTotals, whole: [AccessSight]) -> [String] {
        var possible: Set<AccessTotals> = [AccessTotals(nodes: 0, bytes: 0)]
        for sight in whole {
            for known in possible {
                possible.insert(
                    AccessTotals(
                        nodes: known.nodes + Int64(sight.tree.nodes.count),
                        bytes: known.bytes + sight.tree.bytes))
            }
        }
        let isPossible = possible.contains { sum in
            let units = (sum.bytes + totals.unit - 1) / totals.unit
            return totals.nodes == sum.nodes && totals.bytes == units * totals.unit
        }
        return isPossible ? [] : ["totals: \(totals) are none of \(possible)"]
    }
}
