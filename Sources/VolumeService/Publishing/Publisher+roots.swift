package import ControlStore
internal import Glibc
internal import Origins
package import VolumeModel

extension Publisher {
    /// Looks at a folder that is to become an origin root.
    ///
    /// - Throws: `.originUnavailable` where it is missing, `.notADirectory`, `.originDenied` where
    ///   it cannot be listed, `.invalidArgument` where it overlaps the state folder.
    package func checkOrigin(_ path: String, locality: Locality) throws(PerigeeError) {
        try Deadline.run(within: Self.patience, Self.silence(path, Self.patience)) {
            () throws(PerigeeError) in
            let root = try POSIXRoot(path: path, locality: locality)
            _ = try root.folderDescriptor()
            guard access(path, R_OK | X_OK) == 0 else {
                throw PerigeeError(
                    .originDenied, "the origin \(Printable.quoted(path)) cannot be listed",
                    remedy: "let the user that runs perigee read and search it",
                    cause: SystemError(errno))
            }
            try self.checkOverlap(path)
        }
    }

    /// Asks an origin on another machine for the first page of its listing.
    ///
    /// - Throws: `.originUnavailable`, `.originDenied`, `.invalidArgument`.
    package func checkRemote(_ root: OriginRoot) throws(PerigeeError) {
        let origin = try remotes.origin(root)
        _ = try Waiting.run { () async throws(PerigeeError) in
            try await origin.list(prefix: [], continuing: nil)
        }
    }

    /// Adds an origin root.
    ///
    /// - Throws: `.conflict` where there is one of that name.
    package func addRoot(_ root: OriginRoot) throws(PerigeeError) {
        try store.addRoot(root)
    }
}

extension Publisher {
    /// Adds a volume, and its root where one is given.
    ///
    /// - Throws: `.conflict` where there is one of that name, or was one whose revisions may have
    ///   been cited and `isReusing` is false; `.notFound` for a source's root.
    package func addVolume(
        _ draft: VolumeDraft, making root: OriginRoot?, reusingName isReusing: Bool = false
    ) throws(PerigeeError) -> VolumeRecord {
        try removeLeftovers(of: draft.name)
        return try store.addVolume(draft, making: root, reusingName: isReusing)
    }

    /// Looks at the folder that a source names.
    ///
    /// - Throws: `.notFound` for its root, `.originUnavailable`, `.notADirectory`.
    package func checkSource(_ source: SourceDraft) throws(PerigeeError) {
        let origin = try store.root(named: source.root)
        if origin.origin.isRemote { return try checkRemoteSource(source, of: origin) }
        let path = try origin.folder()
        try Deadline.run(within: Self.patience, Self.silence(path, Self.patience)) {
            () throws(PerigeeError) in
            let root = try POSIXRoot(path: path, locality: .local)
            let reader = try FolderReader(root: root)
            guard
                try reader.holds(
                    FolderReader.Folder(path: [], realPath: source.subpath.bytes))
            else {
                throw PerigeeError(
                    .originUnavailable,
                    "the root \(source.root) has no folder "
                        + Printable.quoted(source.subpath.bytes),
                    remedy: "name a folder below \(path)")
            }
        }
    }

    private func checkRemoteSource(
        _ source: SourceDraft, of root: OriginRoot
    ) throws(PerigeeError) {
        let origin = try remotes.origin(root)
        let prefix =
            source.subpath.isRoot ? [] : source.subpath.bytes + [UInt8(ascii: "/")]
        let page = try Waiting.run { () async throws(PerigeeError) in
            try await origin.list(prefix: prefix, continuing: nil)
        }
        guard !page.objects.isEmpty || page.next != nil else {
            throw PerigeeError(
                .originUnavailable,
                "the root \(source.root) has nothing below \(Printable.quoted(source.subpath.bytes))",
                remedy: "name a prefix below \(root.origin) that has objects")
        }
    }

    /// How long an origin may take to say anything when an admin names it.
    static var patience: Duration { .seconds(20) }

    static func silence(_ path: String, _ limit: Duration) -> String {
        "the origin \(Printable.quoted(path)) did not answer within \(Int(limit.inSeconds)) s"
    }
}
