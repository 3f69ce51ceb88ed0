internal import Glibc
internal import VolumeModel

/// What stands where a backup is to be restored.
struct PresentState {
    /// What is known of the state that is there.
    enum Content {
        case known(ControlSnapshot, generation: Int64, AuditHead)
        /// Its control store is damaged or gone.
        case unreadable(PerigeeError)
    }

    private let state: StateFolder
    /// Whether a state is there, whole or not.
    private let isThere: Bool

    /// - Throws: `.conflict` where something else is there, `.accessDenied`, `.invalidArgument`,
    ///   `.storageFailed`.
    init(_ state: StateFolder) throws(PerigeeError) {
        self.state = state
        guard fileExists(state.path) else {
            isThere = false
            guard fileExists(parent(of: state.path)) else {
                throw PerigeeError(
                    .notFound, "there is no folder \(Printable.quoted(parent(of: state.path)))",
                    remedy: "make it first")
            }
            return
        }
        try state.checkOwnerAndMode()
        let names = try folderNames(state.path).filter { $0 != "lost+found" }
        isThere = names.contains { $0 == "format" || $0.hasPrefix("control.sqlite") }
        guard isThere || names.isEmpty else {
            throw PerigeeError(
                .conflict,
                "the folder \(Printable.quoted(state.path)) is no state folder: it holds"
                    + " \(Printable.quoted(names[0]))",
                remedy: "name a state folder, an empty one, or one that does not exist yet")
        }
    }

    /// Runs `body` while nobody changes the state that is there: no catalogue, and control not.
    ///
    /// - Parameter body: gets what is there, nil for nothing.
    /// - Throws: `.busy` where it is in use; what `body` throws.
    func holding<Value>(
        _ body: (Content?) throws(PerigeeError) -> Value
    ) throws(PerigeeError) -> Value {
        guard isThere else { return try body(nil) }
        let users = FileUser.all(of: state.controlPath)
        guard users.isEmpty else {
            throw PerigeeError(
                .busy,
                "the state folder \(Printable.quoted(state.path)) is in use by"
                    + " \(users.map(\.description).joined(separator: ", "))",
                remedy: "unmount or stop that, restore, and start it again")
        }
        let store: SQLiteControlStore
        do throws(PerigeeError) {
            store = try SQLiteControlStore(state)
            _ = try store.snapshot()
        } catch {
            // That somebody writes it, or that it is newer, is no damage.
            guard [.corrupt, .notFound, .storageFailed].contains(error.code) else { throw error }
            return try body(.unreadable(error))
        }
        var locks: [CatalogueLock] = []
        defer { for lock in locks { lock.release() } }
        for volume in try store.volumes() {
            locks.append(try CatalogueLock(volume.name, in: state))
        }
        return try store.changing { reader in
            var known: PolicyRead?
            return try body(
                .known(reader.snapshot(&known), generation: reader.generation(), reader.head()))
        }
    }

    /// Puts `draft` in its place.
    ///
    /// - Returns: where what was there is now.
    /// - Throws: `.storageFailed`; then everything is as it was.
    func replace(by draft: StateFolder, at now: Timestamp) throws(PerigeeError) -> String? {
        var previous: String?
        if isThere {
            let aside = freeName(at: now)
            guard rename(state.path, aside) == 0 else { throw unmoved(errno) }
            previous = aside
        }
        guard rename(draft.path, state.path) == 0 else {
            let code = errno
            if let previous { rename(previous, state.path) }
            throw unmoved(code)
        }
        try syncFolder(of: state.path)
        return previous
    }

    /// `STATE.replaced-20261122T160405Z`, with a number behind it where that is taken.
    private func freeName(at now: Timestamp) -> String {
        let time = now.iso8601.prefix { $0 != "." && $0 != "Z" }
            .filter { $0 != "-" && $0 != ":" }
        let name = "\(state.path).replaced-\(time)Z"
        var free = name
        var number = 2
        while fileExists(free) {
            free = "\(name)-\(number)"
            number += 1
        }
        return free
    }

    private func unmoved(_ code: Int32) -> PerigeeError {
        PerigeeError(
            .storageFailed, "the state folder \(Printable.quoted(state.path)) cannot be moved",
            remedy: "restore beside it with --state, where it is a mount of its own; nothing was"
                + " changed", cause: SystemError(code))
    }
}
