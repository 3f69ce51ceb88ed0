package import VolumeModel

/// A place that an administrator named, that volumes draw from, with what its archive promises.
package struct OriginRoot: Hashable, Sendable {
    /// What sources call it.
    package let name: RootName
    /// Where it is.
    package let origin: OriginLocation
    /// What its archive promises of files.
    package let files: FilesContract
    /// Whether calls on it can hang.
    package let locality: Locality
    /// By what a version is told.
    package let fingerprint: Fingerprint
    /// How it is talked to; nil for a folder.
    package let remote: RemoteSettings?
    /// When it was made.
    package let created: Timestamp

    /// Puts a root together.
    package init(
        name: RootName, origin: OriginLocation, files: FilesContract = .replaced,
        locality: Locality = .auto, fingerprint: Fingerprint = .sizeAndModified,
        remote: RemoteSettings? = nil, created: Timestamp = .now
    ) {
        self.name = name
        self.origin = origin
        self.files = files
        self.locality = locality
        self.fingerprint = fingerprint
        self.remote = remote
        self.created = created
    }
}

extension OriginRoot {
    /// Whether the bytes that it sends are taken for what was published: always those of a folder,
    /// which front ends read by themselves.
    package var isTrusted: Bool { remote?.trust != .no }

    /// The same root, believed or not.
    ///
    /// - Throws: `.invalidArgument` for a folder that is not to be believed.
    package func trusted(_ trust: RemoteSettings.Trust) throws(PerigeeError) -> OriginRoot {
        guard var settings = remote else {
            if trust == .yes { return self }
            throw PerigeeError(
                .invalidArgument,
                "the root \(name) is a folder of this machine, which has to be trusted: the kernel "
                    + "reads its files where nothing can be compared first",
                remedy: "serve the folder with a web or S3 server, and name that as the root")
        }
        settings.trust = trust == .yes ? nil : trust
        return OriginRoot(
            name: name, origin: origin, files: files, locality: locality, fingerprint: fingerprint,
            remote: settings, created: created)
    }

    /// The folder that it is.
    ///
    /// - Throws: `.conflict` for a root on another machine, where there is nothing to do it with.
    package func folder() throws(PerigeeError) -> String {
        if case .posix(let path) = origin { return path }
        throw PerigeeError(
            .conflict, "the root \(name) is no folder of this machine, but \(origin)",
            remedy: "this can be done for roots of the kind posix: only")
    }
}
