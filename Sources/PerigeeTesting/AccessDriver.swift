package import AccessControl
package import VolumeModel
package import VolumeService

/// One front end, as one principal meets it.
///
/// Contract:
/// - `report` asks as a program of that front end would, by the path alone and with every call that
///   can tell of an entry (attributes, listing, opening, details), and fails where two of them
///   disagree. It answers for the instant of the call.
/// - What is not there is an answer. It throws only where the front end did something that none
///   should: an error of another kind, names in the wrong order, a size that is not that of the
///   bytes.
/// - A caller asks one question at a time.
///
/// Another front end joins the matrix and the hunt by another conformance.
package protocol AccessDriver {
    /// Who asks.
    var principal: Principal { get }
    /// Which of the entries that the principal may see are shown.
    var showing: ShownEntries { get }
    /// The level from which on a volume is in `volumes`: `list` where it is by having a folder,
    /// `discover` where volumes are told of.
    var listsVolumesFrom: AccessLevel { get }
    /// Whether a folder with nothing in it is there: where there are only keys of files, none is.
    var showsEmptyFolders: Bool { get }
    /// Whether it can be asked for `VOLUME@candidate` and the like as the state's owner.
    var answersOwner: Bool { get }

    /// The volumes that are listed, in byte order; nil where the front end has no such list.
    func volumes() async throws -> [VolumeName]?

    /// What a question is answered with.
    func report(_ question: AccessQuestion) async throws -> AccessReport

    /// What is said of everything that is shown; nil where the front end says nothing of it.
    func totals() async throws -> AccessTotals?
}

extension AccessDriver {
    package var showing: ShownEntries { .listed }
    package var listsVolumesFrom: AccessLevel { .list }
    package var showsEmptyFolders: Bool { true }
    package var answersOwner: Bool { false }

    package func volumes() async throws -> [VolumeName]? { nil }
    package func totals() async throws -> AccessTotals? { nil }
}

/// A front end that contradicts itself.
package struct AccessContradiction: Error, CustomStringConvertible {
    /// What it said and what else it said.
    package let description: String

    /// Says what contradicts what.
    package init(_ description: String) { self.description = description }
}
