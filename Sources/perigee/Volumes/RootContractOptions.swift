internal import ArgumentParser
internal import ControlStore
internal import VolumeModel
internal import VolumeService

/// What an archive promises of a root, as flags.
struct RootContractOptions: ParsableArguments {
    @Option(help: "How files change: replaced (by rename) or rewritten (in place).")
    var files: FilesContract = .replaced
    @Option(help: "Where the file system is: auto, local or network.")
    var locality: Locality = .auto
    @Option(
        help: ArgumentHelp(
            "What tells versions of a file apart: size+mtime, size+mtime+inode, digest or etag "
                + "(default: etag on another machine, else size+mtime).",
            valueName: "what"))
    var fingerprint: Fingerprint?

    /// Puts a root together, once it has been looked at.
    ///
    /// - Throws: `.originUnavailable`, `.notADirectory`, `.originDenied`, `.invalidArgument`.
    func root(
        named name: RootName, origin: String, remote: RemoteOptions,
        checkedBy publisher: Publisher
    ) throws(PerigeeError) -> OriginRoot {
        let location = try OriginLocation(parsing: origin)
        switch location {
        case .posix(let path):
            if let flag = remote.firstGiven {
                throw PerigeeError(
                    .invalidArgument, "\(flag) is for origins on another machine",
                    remedy: "leave it out, or name an origin s3: or https:")
            }
            let root = OriginRoot(
                name: name, origin: location, files: files, locality: locality,
                fingerprint: fingerprint ?? .sizeAndModified)
            _ = try root.trusted(remote.trust ?? .yes)
            guard fingerprint != .etag else {
                throw PerigeeError(
                    .invalidArgument, "files of a folder have no entity tags",
                    remedy: "choose size+mtime, size+mtime+inode or digest")
            }
            try publisher.checkOrigin(path, locality: locality)
            return root
        case .s3, .web:
            guard fingerprint != .sizeModifiedAndInode, files == .replaced, locality == .auto else {
                throw PerigeeError(
                    .invalidArgument,
                    "objects on another machine have no inodes, and --files and --locality are "
                        + "about folders",
                    remedy: "leave them out")
            }
            let root = OriginRoot(
                name: name, origin: location, locality: .network,
                fingerprint: fingerprint ?? .etag, remote: try remote.settings(of: location))
            try publisher.checkRemote(root)
            return root
        }
    }
}
