package import ControlStore
internal import Logging
package import VolumeModel
package import VolumeService

/// A state folder beside an archive folder, both of one test: `<folder>/state` and
/// `<folder>/archive`.
package struct ServiceFixture: Sendable {
    /// The folder of both.
    package let folder: String
    /// The state.
    package let state: StateFolder
    /// Its control store.
    package let store: SQLiteControlStore
    /// What an owner does with it.
    package let publisher: Publisher

    /// Makes both folders in `folder`.
    ///
    /// - Parameter statePath: where the state is, if not beside the archive.
    package init(in folder: String, statePath: String? = nil) throws {
        self.folder = folder
        state = try StateFolder(path: statePath ?? "\(folder)/state")
        try state.create()
        try SQLiteControlStore.create(in: state)
        store = try SQLiteControlStore(state)
        publisher = Publisher(state: state, store: store, logger: Self.logger)
        try DiskFile.makeFolders("\(folder)/archive")
    }

    /// The origin's folder.
    package var archive: String { "\(folder)/archive" }

    /// A path in the origin's folder.
    package func archive(_ path: String) -> String { "\(archive)/\(path)" }

    /// Adds a volume whose files are in the archive folder.
    @discardableResult
    package func add(
        _ name: String = "hst", origin: String? = nil, subpath: String = "",
        isPublic: Bool = true, files: FilesContract = .replaced, locality: Locality = .local,
        fingerprint: Fingerprint = .sizeAndModified
    ) throws -> VolumeName {
        let volume = try VolumeName(name)
        let root = OriginRoot(
            name: try RootName(name),
            origin: try OriginLocation(parsing: "posix:\(origin ?? archive)"), files: files,
            locality: locality, fingerprint: fingerprint)
        try store.addVolume(
            VolumeDraft(
                name: volume, metadata: VolumeMetadata(title: "Test"), isPublic: isPublic,
                sources: [SourceDraft(root: root.name, subpath: try EntryPath(subpath))]),
            making: root)
        return volume
    }

    /// A service of its own on the same state, as another process has.
    package func service() throws -> LocalVolumeService {
        try LocalVolumeService(state: state, logger: Self.logger)
    }

    /// Scans and publishes; the scan must find something.
    @discardableResult
    package func publish(_ volume: VolumeName, options: ScanOptions = ScanOptions()) throws
        -> RevisionRecord
    {
        _ = try publisher.scan(volume, options: options)
        return try publisher.publish(volume)
    }

    /// Says nothing: what a test expects, it checks by itself.
    private static var logger: Logger {
        Logger(label: "perigee.test", factory: { _ in SwiftLogNoOpLogHandler() })
    }
}

extension LocalVolumeService {
    /// The entry at `path` of a snapshot.
    package func entry(_ path: String, of snapshot: VolumeSnapshot) throws -> Entry? {
        try entry(at: EntryPath(path), of: snapshot)
    }

    /// Every byte of a file, read through a handle in pieces of `piece` bytes and checked after.
    package func content(
        of entry: Entry, in snapshot: VolumeSnapshot, piece: Int = 65_536
    ) async throws -> [UInt8] {
        let handle = try await open(entry, of: snapshot)
        defer { handle.close() }
        return try await handle.content(piece: piece)
    }
}
