internal import AccessControl
internal import Catalogue
internal import Synchronization
internal import VolumeModel

/// Which folders exist: those with something visible below, and empty ones that may be seen
/// themselves.
extension EntrySight {
    /// Folders that hold visible classes are looked up one by one up to so many; where there are
    /// more, looking through the tree ends early nearly everywhere.
    private static let mostFolders = 20_000

    /// Whether a folder that is in the revision exists for the principal.
    func isVisible(
        _ folder: Entry, at place: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> Bool {
        switch view.reach(below: place) {
        case .everything where granted.showing == .listed:
            if try isOpen(folder, at: place, view) { return true }
            return try !reader.isEmpty(folder.id, revision: revision)
        case .nothing:
            return try isEmptyAndOpen(folder, at: place, view)
        case .everything, .some:
            if try hasVisible(in: folder.id, at: place, view) { return true }
            return try isEmptyAndOpen(folder, at: place, view)
        }
    }

    /// Whether anything below a folder is visible.
    func hasVisible(
        in folder: EntryID, at place: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> Bool {
        if let known = known(folder) { return known }
        if !granted.folders.withLock({ $0[revision]?.isBroad ?? false }),
            let found = try foundFromClasses(view)
        {
            return found.contains(folder)
        }
        let has = try look(through: folder, at: place, view)
        remember(folder, has)
        return has
    }

    private func isOpen(
        _ folder: Entry, at place: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> Bool {
        try decision(folder, at: place, view).level >= .list
    }

    private func isEmptyAndOpen(
        _ folder: Entry, at place: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> Bool {
        guard try isOpen(folder, at: place, view) else { return false }
        return try reader.isEmpty(folder.id, revision: revision)
    }

    private func known(_ folder: EntryID) -> Bool? {
        granted.folders.withLock { folders in
            guard let knowledge = folders[revision] else { return nil }
            if let found = knowledge.found { return found.contains(folder) }
            return knowledge.looked[folder]
        }
    }

    private func remember(_ folder: EntryID, _ has: Bool) {
        granted.folders.withLock { folders in
            if folders[revision, default: .init()].looked.count >= GrantedView.remembered {
                folders[revision]?.looked.removeAll()
            }
            folders[revision]?.looked[folder] = has
        }
    }

    /// Looks through a folder in key order until something visible is found.
    private func look(
        through folder: EntryID, at place: AccessView.Place, _ view: AccessView
    ) throws(PerigeeError) -> Bool {
        var key: [UInt8] = []
        // The first name decides most of the time.
        var limit = 16
        while true {
            let page = try reader.list(folder, after: key, limit: limit, revision: revision)
            for entry in page where entry.kind == .file {
                let place = view.place(of: entry, in: place)
                if try decision(entry, at: place, view).level >= granted.least { return true }
            }
            for entry in page where entry.kind == .folder {
                if try isVisible(entry, at: view.place(of: entry, in: place), view) { return true }
            }
            guard page.count == limit, let last = page.last else { return false }
            key = last.key
            limit = 1_024
        }
    }

    /// All folders with something visible below, found from the folders that hold a visible class
    /// upward; nil where those are too many.
    private func foundFromClasses(_ view: AccessView) throws(PerigeeError) -> Set<EntryID>? {
        var found: Set<EntryID> = [.root]
        let isNarrow = try gather(view, &found)
        return granted.folders.withLock { folders in
            folders[revision, default: .init()].found = isNarrow ? found : nil
            folders[revision]?.isBroad = !isNarrow
            return isNarrow ? found : nil
        }
    }

    /// - Returns: false where there are too many folders.
    private func gather(
        _ view: AccessView, _ found: inout Set<EntryID>
    ) throws(PerigeeError) -> Bool {
        let classes = view.visibleClasses
        if classes.isEmpty {
            found.remove(.root)
            return true
        }
        // Entries without attributes are nearly everywhere, if there are any.
        guard !classes.contains(.none), classes.count <= Self.mostFolders,
            try reader.hasClassIndex()
        else { return false }
        var hasAny = false
        var seen: Set<EntryID> = []
        for accessClass in classes {
            let folders = try reader.folders(
                ofClass: accessClass, limit: Self.mostFolders + 1)
            for folder in folders where seen.insert(folder).inserted {
                guard try holdsVisible(folder, view) else { continue }
                hasAny = true
                var current = folder
                while found.insert(current).inserted, let above = try reader.folder(above: current)
                {
                    current = above
                }
            }
            if seen.count > Self.mostFolders { return false }
        }
        if !hasAny { found.remove(.root) }
        return true
    }

    /// Whether a folder is in the revision and holds, itself, a visible file or a visible empty
    /// folder.
    private func holdsVisible(
        _ folder: EntryID, _ view: AccessView
    ) throws(PerigeeError) -> Bool {
        guard try reader.folder(folder, revision: revision) != nil,
            let place = try granted.place(of: folder, view, reader)
        else { return false }
        var key: [UInt8] = []
        while true {
            let page = try reader.list(folder, after: key, limit: 256, revision: revision)
            for entry in page {
                let place = view.place(of: entry, in: place)
                switch entry.kind {
                case .file:
                    if try decision(entry, at: place, view).level >= granted.least { return true }
                case .folder:
                    if try isEmptyAndOpen(entry, at: place, view) { return true }
                }
            }
            guard page.count == 256, let last = page.last else { return false }
            key = last.key
        }
    }
}
