internal import Catalogue
internal import ControlStore
internal import VolumeModel

/// What a publish asks about, since most of a volume vanishes more often by accident (a file system
/// below the source that is not mounted, a wrong pattern) than on purpose.
extension Publisher {
    /// As many files as may always go at once: small volumes are remade as a whole.
    private static let harmlessRemovals = 10

    /// Refuses a candidate that takes more than half of the current revision's files away, and more
    /// than ten. A file that was moved counts as gone: whoever reads it by its path misses it.
    ///
    /// - Throws: `.conflict` with the numbers.
    func checkShrinking(_ record: VolumeRecord, to candidate: RevisionNumber) throws(PerigeeError) {
        guard let current = record.current,
            let published = try store.revisions(of: record.name).first(where: {
                $0.number == current
            })
        else { return }
        // Costs the rows of the difference, which the scan has written.
        var removed: Int64 = 0
        try reader(record).differences(from: current.value, to: candidate.value) { difference in
            if difference.kind == .removed, difference.entryKind == .file { removed += 1 }
        }
        guard removed > Self.harmlessRemovals, removed * 2 > published.files else { return }
        let name = record.name
        throw PerigeeError(
            .conflict,
            "the candidate of \(name) takes \(removed) of the \(published.files) files of "
                + "\(name)@\(current) away",
            remedy: "look at what goes: perigee volume diff \(name) \(name)@candidate; where it is "
                + "meant: perigee volume publish \(name) --force; nothing was changed")
    }
}
