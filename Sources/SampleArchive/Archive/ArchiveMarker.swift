/// The file that tells a sample archive from somebody's data, and one archive from another.
struct ArchiveMarker: Equatable {
    static let name = ".perigee-sample"

    /// Raised when equal arguments would give other bytes than before.
    static let layoutVersion = 1

    let text: String

    init(_ archive: SampleArchive) {
        text = """
            perigee-sample \(Self.layoutVersion)
            files \(archive.files)
            bytes \(archive.bytes)
            seed \(archive.seed)

            """
    }
}

/// The README.txt at the top of each volume.
struct VolumeReadme {
    static let name = "README.txt"

    let volume: String

    var text: String {
        """
        Synthetic data

        Every file in this volume (\(volume)) was made by `perigee sample-archive`. Folders, names,
        formats and keywords follow the public conventions of the missions, but the pixels, tables,
        positions, times, programme numbers and identifiers are invented. No observation, telescope
        or instrument stands behind them. Do not use them for science, and do not cite them.

        """
    }
}
