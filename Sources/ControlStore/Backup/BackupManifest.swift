internal import FoundationEssentials
internal import VolumeModel

/// What a backup holds: `manifest.json`, written last.
package struct BackupManifest: Hashable, Sendable, Codable {
    /// The newest layout that this program writes and reads.
    package static let version = 2
    /// The layout without side files, which is written where there are none.
    private static let withoutSideFiles = 1
    /// What the file is called.
    static let fileName = "manifest.json"
    /// Bytes of the longest that is read.
    private static let longest = 16 << 20

    /// A file of a backup.
    package struct File: Hashable, Sendable, Codable {
        /// Where, below the backup's folder: as in a state folder.
        package var path: String
        /// The format that its database says it has; of a side file, that of its catalogue.
        package var format: Int
        /// How many bytes it has.
        package var bytes: Int64
        /// The SHA-256 of its content, as `sha256sum` prints it.
        package var sha256: String
    }

    /// The layout.
    package var format = version
    /// When the copy of the control database was made, as `Timestamp.iso8601` writes it.
    package var made: String
    /// The epoch of the control store.
    package var epoch: Int64
    /// The last event of its chain.
    package var event: Int64
    /// That event's hash, in hexadecimal.
    package var head: String
    /// The control database, then the catalogues by name, each with its side file behind it.
    package var files: [File]

    /// Reads the manifest of the backup in `folder`.
    ///
    /// - Throws: `.notFound` where there is none, `.newerFormat`, `.corrupt`, `.storageFailed`.
    init(readingFrom folder: String) throws(PerigeeError) {
        let path = "\(folder)/\(Self.fileName)"
        guard let size = fileSize(path) else {
            throw PerigeeError(
                .notFound, "there is no backup in \(Printable.quoted(folder))",
                remedy: "name a folder that `perigee backup` made")
        }
        guard size <= Self.longest, let bytes = wholeFile(path) else {
            throw Self.damaged(path, "cannot be read")
        }
        struct Version: Decodable { var format: Int }
        let decoder = JSONDecoder()
        guard let found = try? decoder.decode(Version.self, from: Data(bytes)) else {
            throw Self.damaged(path, "says no format")
        }
        guard found.format <= Self.version else {
            throw PerigeeError(
                .newerFormat,
                "the backup \(Printable.quoted(folder)) has format \(found.format), and this"
                    + " program knows up to \(Self.version)",
                remedy: "use the version of perigee that wrote it, or a newer one")
        }
        guard let manifest = try? decoder.decode(Self.self, from: Data(bytes)) else {
            throw Self.damaged(path, "is not complete")
        }
        self = manifest
        guard files.first?.path == Self.controlName,
            Set(files.map(\.path)).count == files.count,
            files.dropFirst().allSatisfy({
                Self.volume(ofCatalogue: $0.path) != nil || Self.isSideFile($0.path)
            })
        else { throw Self.damaged(path, "names files that no backup has") }
    }

    init(made: Timestamp, epoch: Epoch, head: AuditHead, files: [File]) {
        self.made = made.iso8601
        self.epoch = epoch.value
        event = head.sequence
        self.head = Hex.encode(head.hash)
        self.files = files
        format =
            files.contains { Self.isSideFile($0.path) } ? Self.version : Self.withoutSideFiles
    }

    /// Writes it into `folder`, durably.
    ///
    /// - Throws: `.storageFailed`.
    func write(into folder: String) throws(PerigeeError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let path = "\(folder)/\(Self.fileName)"
        guard let data = try? encoder.encode(self) else { throw storageFailed(path, 0) }
        try writeSmallFile(path, String(decoding: data, as: UTF8.self) + "\n")
    }

    /// What the control database is called in a backup.
    static let controlName = "control.sqlite"

    /// What a catalogue is called in a backup.
    static func catalogueName(_ volume: VolumeName) -> String { "catalogues/\(volume).sqlite" }

    /// What the side file of a catalogue is called: `catalogues/VOLUME.GENERATION.leaves`.
    static func sideFileName(_ volume: VolumeName, generation: Int64) -> String {
        "catalogues/\(volume).\(generation).leaves"
    }

    /// Whether a path is the name of a side file.
    static func isSideFile(_ path: String) -> Bool {
        guard path.hasPrefix("catalogues/"), path.hasSuffix(".leaves") else { return false }
        let parts = path.dropFirst(11).dropLast(7).split(
            separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let generation = Int64(parts[1]), generation > 0,
            String(generation) == parts[1]
        else { return false }
        return (try? VolumeName(String(parts[0]))) != nil
    }

    /// The volume whose catalogue a path names, or nil.
    static func volume(ofCatalogue path: String) -> VolumeName? {
        guard path.hasPrefix("catalogues/"), path.hasSuffix(".sqlite") else { return nil }
        return try? VolumeName(String(path.dropFirst(11).dropLast(7)))
    }

    private static func damaged(_ path: String, _ what: String) -> PerigeeError {
        PerigeeError(
            .corrupt, "the manifest \(Printable.quoted(path)) \(what)",
            remedy: "restore from another backup")
    }
}
