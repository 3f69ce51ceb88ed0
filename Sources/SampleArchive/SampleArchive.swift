/// A synthetic archive of HST, JWST, Euclid and planetary volumes in the missions' own folder
/// conventions.
///
/// Everything that is written, modification times included, follows from the three arguments: two
/// archives with equal arguments are equal byte for byte.
package struct SampleArchive: Sendable {
    /// What `perigee sample-archive` writes when it is told nothing.
    package static let defaultFiles = 60
    /// 8 MiB.
    package static let defaultBytes = 8 << 20
    package static let defaultSeed: UInt64 = 20_250_319

    /// Names stay unique up to this number.
    package static let fileLimits = 1...1_000_000
    /// From one byte to one pebibyte.
    package static let byteLimits = 1...(1 << 50)

    package let files: Int
    package let bytes: Int
    package let seed: UInt64

    /// Describes an archive; nothing is written yet.
    ///
    /// - Parameters:
    ///   - files: Data files over all volumes, within ``fileLimits``. PDS labels that stand beside
    ///     their data and the README of each volume come on top.
    ///   - bytes: Bytes of data files on disk, within ``byteLimits``. The images and tables are
    ///     scaled to it. It is approximate (compression is estimated), and no file is smaller than
    ///     its headers need, which is 3 to 35 kB.
    ///   - seed: Chooses the content; names and places depend on it only a little.
    /// - Throws: ``SampleArchiveError`` with code `invalidArgument`.
    package init(
        files: Int = defaultFiles, bytes: Int = defaultBytes, seed: UInt64 = defaultSeed
    ) throws(SampleArchiveError) {
        guard Self.fileLimits.contains(files) else {
            throw .invalidArgument("the number of files", files, Self.fileLimits)
        }
        guard Self.byteLimits.contains(bytes) else {
            throw .invalidArgument("the number of bytes", bytes, Self.byteLimits)
        }
        self.files = files
        self.bytes = bytes
        self.seed = seed
    }

    /// Writes the volumes into a directory, which is made if it does not exist.
    ///
    /// Each file is written to a temporary name and renamed, so an interrupted run leaves whole
    /// files and may simply be repeated. Blocks the caller; memory does not grow with `bytes`.
    ///
    /// - Parameters:
    ///   - directory: Absent, empty, or holding the archive of the same arguments. Files in it
    ///     that are not part of the archive are left alone.
    ///   - progress: Called after each data file.
    /// - Throws: ``SampleArchiveError``.
    package func write(
        to directory: String, progress: (Progress) -> Void = { _ in }
    ) throws(SampleArchiveError) -> Summary {
        var tree = try OutputTree(root: directory)
        try tree.requireSpace(bytes)
        try tree.claim(ArchiveMarker(self))

        let plan = ArchivePlan(self)
        var summary = Summary()
        for index in 0..<files {
            let product = plan.product(at: index)
            let written = try tree.write(product)
            let isFirst = summary.volumes[product.volume] == nil
            summary.add(written, volume: product.volume)
            if isFirst {
                try tree.write(VolumeReadme(volume: product.volume))
            }
            progress(
                Progress(
                    filesWritten: index + 1, files: files, bytesWritten: summary.bytes,
                    path: product.path))
        }
        try tree.finish()
        return summary
    }

    /// How far a run is.
    package struct Progress: Sendable {
        /// Data files written so far.
        package let filesWritten: Int
        package let files: Int
        /// Bytes on disk so far, labels included.
        package let bytesWritten: Int
        /// The file just written, relative to the archive.
        package let path: String
    }

    /// What a run wrote.
    package struct Summary: Sendable, Equatable {
        package struct Volume: Sendable, Equatable {
            /// Data files, without labels and README.
            package var files = 0
            /// Detached PDS labels.
            package var labels = 0
            /// Bytes on disk of data files and labels.
            package var bytes = 0
        }

        /// By folder name in the archive: `hst`, `jwst`, `euclid_q1`, `euclid_ero`, `psa`. A
        /// volume that got no file is absent.
        package var volumes: [String: Volume] = [:]

        /// Data files over all volumes.
        package var files: Int { volumes.values.reduce(0) { $0 + $1.files } }
        /// Detached labels over all volumes.
        package var labels: Int { volumes.values.reduce(0) { $0 + $1.labels } }
        /// Bytes on disk of data files and labels over all volumes.
        package var bytes: Int { volumes.values.reduce(0) { $0 + $1.bytes } }

        mutating func add(_ written: OutputTree.Written, volume: String) {
            volumes[volume, default: Volume()].files += 1
            volumes[volume, default: Volume()].labels += written.labelBytes == nil ? 0 : 1
            volumes[volume, default: Volume()].bytes +=
                written.dataBytes + (written.labelBytes ?? 0)
        }
    }
}
