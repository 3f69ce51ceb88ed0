internal import AccessControl
internal import Catalogue
internal import Synchronization
internal import VolumeModel

/// What one principal may see of one volume now, with what has been found out about its folders.
///
/// Right for instants in `from..<until`, and until the control store changes; the service then makes
/// another one. Lock order: `folders` before `places`; neither is held while the catalogue is asked.
final class GrantedView: Sendable {
    /// What decides.
    enum Grant: Sendable {
        /// The owner of the state sees everything.
        case everything
        /// A revoked or expired credential, a user that was removed, a volume out of reach.
        case nothing
        case view(AccessView)
    }

    let grant: Grant
    /// What front ends key their caches by.
    let id: UInt64
    let showing: ShownEntries
    let from: Timestamp
    /// The next instant at which anything may change; nil: none.
    let until: Timestamp?
    /// The places of folders, whose paths are for ever.
    private let places = Mutex<[EntryID: AccessView.Place]>([:])
    /// What is known of folders, by revision.
    let folders = Mutex<[Int: FolderKnowledge]>([:])

    /// What is known of a revision's folders.
    struct FolderKnowledge: Sendable {
        /// Folders with something visible below, where they were all found from their classes.
        var found: Set<EntryID>?
        /// Whether that way was tried and was too long.
        var isBroad = false
        /// Folders that were looked through.
        var looked: [EntryID: Bool] = [:]
    }

    /// Folders whose places or visibility are remembered; more are forgotten all at once.
    static let remembered = 1 << 17

    init(
        _ grant: Grant, id: UInt64, showing: ShownEntries, from: Timestamp, until: Timestamp?
    ) {
        self.grant = grant
        self.id = id
        self.showing = showing
        self.from = from
        self.until = until
    }

    /// Whether it decides rightly at `now`, as far as the clock is concerned.
    func holds(at now: Timestamp) -> Bool {
        now >= from && until.map { now < $0 } ?? true
    }

    /// Whether nothing at all is shown.
    var isClosed: Bool {
        switch grant {
        case .everything: false
        case .nothing: true
        case .view(let view):
            view.volume.level < .list && (view.uniform.map { $0 < .list } ?? false)
        }
    }

    /// Whether every entry of a known class is shown, and can be read.
    var isWholeAndReadable: Bool {
        switch grant {
        case .everything: true
        case .nothing: false
        case .view(let view): view.uniform == .read
        }
    }

    /// Whether every entry of a known class is shown.
    var isWhole: Bool {
        switch grant {
        case .everything: true
        case .nothing: false
        case .view(let view):
            view.uniform.map { $0 >= least }
                ?? (showing == .listed && view.volume.level >= .list
                    && view.reach(below: view.root) == .everything)
        }
    }

    /// The level that an entry needs to be shown.
    var least: AccessLevel {
        switch showing {
        case .listed: .list
        case .readable: .read
        }
    }

    /// The place of a folder.
    func place(
        of folder: EntryID, _ view: AccessView, _ reader: CatalogueReader
    ) throws(PerigeeError) -> AccessView.Place? {
        if folder == .root { return view.root }
        if let known = places.withLock({ $0[folder] }) { return known }
        guard let path = try reader.path(of: folder) else { return nil }
        let place = view.place(at: path)
        places.withLock { places in
            if places.count >= Self.remembered { places.removeAll() }
            places[folder] = place
        }
        return place
    }
}
