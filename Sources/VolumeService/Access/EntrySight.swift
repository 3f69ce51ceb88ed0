internal import AccessControl
internal import Catalogue
internal import VolumeModel

/// Decides about rows of one revision for one principal.
struct EntrySight {
    let granted: GrantedView
    let reader: CatalogueReader
    let revision: Int
    /// When the revision was published: the time of folders that may not tell their own.
    let created: Timestamp

    /// The row as the principal may see it, or nil where it does not exist for him.
    func shown(_ entry: Entry) throws(PerigeeError) -> Entry? {
        switch granted.grant {
        case .everything: return entry
        case .nothing: return nil
        case .view(let view):
            // The one class that every view knows, and no path or time that could matter.
            if view.uniform == .read, entry.accessClass == .none { return entry }
            guard let above = try granted.place(of: entry.parent, view, reader) else { return nil }
            return try shown(entry, in: above, view)
        }
    }

    /// Those of `entries`, all in `folder`, that exist for the principal.
    func shown(
        _ entries: [Entry], in folder: EntryID
    ) throws(PerigeeError) -> [Entry] {
        switch granted.grant {
        case .everything: return entries
        case .nothing: return []
        case .view(let view):
            if view.uniform == .read, entries.allSatisfy({ $0.accessClass == .none }) {
                return entries
            }
            guard let above = try granted.place(of: folder, view, reader) else { return [] }
            var seen: [Entry] = []
            for entry in entries {
                if let shown = try shown(entry, in: above, view) { seen.append(shown) }
            }
            return seen
        }
    }

    private func shown(
        _ entry: Entry, in above: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> Entry? {
        let place = view.place(of: entry, in: above)
        switch entry.kind {
        case .folder:
            return try isVisible(entry, at: place, view) ? timed(entry) : nil
        case .file:
            let level = try decision(entry, at: place, view).level
            guard level >= granted.least else { return nil }
            guard level < .read else { return entry }
            var entry = entry
            entry.isReadable = false
            return entry
        }
    }

    /// A row that was given out earlier, by the class that its version has now; nil where it does
    /// not exist for the principal any more.
    func current(_ entry: Entry) throws(PerigeeError) -> Entry? {
        // Every class is at `read`, whichever it is by now.
        if granted.isWholeAndReadable, entry.accessClass == .none { return entry }
        let accessClass = try reader.accessClass(of: entry, revision: revision)
        return try shown(
            Entry(
                id: entry.id, parent: entry.parent, name: entry.name, kind: entry.kind,
                size: entry.size, modified: entry.modified, version: entry.version,
                accessClass: accessClass ?? entry.accessClass))
    }

    /// What holds for an entry.
    func decision(_ entry: Entry) throws(PerigeeError) -> AccessDecision {
        switch granted.grant {
        case .everything: return AccessDecision(level: .read, grant: nil)
        case .nothing: return AccessDecision(level: .none, grant: nil, cap: .user)
        case .view(let view):
            guard let above = try granted.place(of: entry.parent, view, reader) else {
                return AccessDecision(level: .none, grant: nil)
            }
            let place =
                entry.id == .root ? view.root : view.place(of: entry, in: above)
            return try decision(entry, at: place, view)
        }
    }

    func decision(
        _ entry: Entry, at place: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> AccessDecision {
        // Asked for where the class is one of linked entries alone.
        var failure: PerigeeError?
        let decision = view.decision(entry.accessClass, at: place) {
            do throws(PerigeeError) { return try path(of: entry) } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
        return decision
    }

    private func path(of entry: Entry) throws(PerigeeError) -> [UInt8] {
        guard entry.id != .root else { return [] }
        guard let above = try reader.path(of: entry.parent) else {
            throw PerigeeError(
                .corrupt, "the folder of \(Printable.quoted(entry.name)) is not in the catalogue",
                remedy: "restore the state folder from a backup")
        }
        return above.isEmpty ? entry.name : above + [UInt8(ascii: "/")] + entry.name
    }

    /// Whether the volume's root exists for the principal.
    func isRootVisible() throws(PerigeeError) -> Bool {
        switch granted.grant {
        case .everything: return true
        case .nothing: return false
        case .view(let view):
            if view.volume.level >= .list { return true }
            return try hasVisible(in: .root, at: view.root, view)
        }
    }

    /// A folder's time tells when names came and went in it, hidden ones among them: whoever may
    /// not see all of a volume is not told.
    private func timed(_ folder: Entry) -> Entry {
        granted.isWhole
            ? folder
            : Entry(
                id: folder.id, parent: folder.parent, name: folder.name, kind: .folder, size: 0,
                modified: created, version: folder.version, accessClass: folder.accessClass)
    }
}

extension AccessView {
    /// The place of an entry in the folder at `above`.
    func place(of entry: Entry, in above: Place) -> Place {
        entry.name.withUnsafeBytes { place(of: $0, in: above) }
    }
}
