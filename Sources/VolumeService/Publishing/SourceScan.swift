internal import ControlStore
internal import Origins
internal import VolumeModel

/// A scan of one source into a candidate.
protocol SourceScan: AnyObject {
    var progress: ScanProgress { get set }

    /// Lists what the options name, and writes what differs.
    ///
    /// - Throws: `.originUnavailable`, `.originDenied` for the source's own folder, `.cancelled`,
    ///   `.storageFailed`.
    func walk() throws(PerigeeError)

    /// Hashes the files that want it, and takes the digests that were given.
    ///
    /// - Throws: as `walk()`.
    func hash() throws(PerigeeError)

    /// Reports progress, at most ten times a second unless it is due.
    func tell(isDue: Bool)
}

/// Where a scan looks.
enum ScanPlace {
    case folder(POSIXRoot)
    case remote(any RemoteOrigin)
}

extension Publisher {
    /// Opens a root for a scan.
    ///
    /// - Throws: `.invalidArgument` where it overlaps the state folder, or where only a part of a root
    ///   on another machine is asked for; `.originUnavailable`.
    func scanPlace(
        _ root: OriginRoot, _ options: ScanOptions, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(PerigeeError) -> ScanPlace {
        if root.origin.isRemote {
            guard options.prefix == nil, options.changes == nil else {
                throw PerigeeError(
                    .invalidArgument,
                    "the root \(root.name) is on another machine, and can only be scanned whole",
                    remedy: "leave out --prefix and --changes")
            }
            return .remote(try remotes.origin(root))
        }
        let path = try root.folder()
        let patience = min(options.stallLimit, Self.patience)
        try Deadline.run(
            within: patience, Self.silence(path, patience), isCancelled: isCancelled
        ) { () throws(PerigeeError) in
            try self.checkOverlap(path)
        }
        // The scan's own threads wait for the origin, so it needs none of the root's.
        return .folder(try POSIXRoot(path: path, files: root.files, locality: .local))
    }
}
