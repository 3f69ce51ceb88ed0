package import VolumeModel

/// What stands at the root of a file system.
package enum MountLayout: Hashable, Sendable {
    /// A folder for each volume that the principal may see. `VOLUME@rN` is found by its name and
    /// not listed.
    case everyVolume
    /// A folder for each of these and nothing else, under the name it was asked for by: `hst`,
    /// `jwst@r2`.
    case selected([VolumeReference])
    /// One volume's folder itself, or the folder at the reference's path inside.
    case atRoot(VolumeReference)

    /// - Throws: `.invalidArgument` for what cannot be laid out.
    func check() throws(PerigeeError) {
        switch self {
        case .everyVolume:
            break
        case .selected(let references):
            guard !references.isEmpty else {
                throw PerigeeError(.invalidArgument, "no volume was selected")
            }
            for reference in references {
                try check(reference)
                guard reference.path?.isRoot ?? true else {
                    throw PerigeeError(
                        .invalidArgument, "\(reference) names a folder inside a volume",
                        remedy: "mount a part of a volume with --at-root")
                }
            }
            guard Set(references.map(\.name)).count == references.count else {
                throw PerigeeError(.invalidArgument, "a volume was selected twice")
            }
        case .atRoot(let reference):
            try check(reference)
        }
    }

    private func check(_ reference: VolumeReference) throws(PerigeeError) {
        guard reference.site == nil else {
            throw PerigeeError(
                .invalidArgument, "\(reference) is a volume of another site",
                remedy: "name a volume that `perigee volume ls` lists")
        }
        guard reference.revision != .candidate else {
            throw PerigeeError(
                .invalidArgument, "\(reference) is not published and cannot be mounted",
                remedy: "publish it first: perigee volume publish \(reference.volume)")
        }
    }
}

extension VolumeReference {
    /// Its name at a root: volume and revision without path.
    var name: [UInt8] { Array("\(volume)\(revision)".utf8) }
}
