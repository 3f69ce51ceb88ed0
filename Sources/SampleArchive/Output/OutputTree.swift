internal import Glibc

/// The directory that an archive is written into.
struct OutputTree {
    /// Sizes on disk of what one product became.
    struct Written {
        let dataBytes: Int
        let labelBytes: Int?
    }

    /// Public release of Euclid Q1: the time of everything that no observation dates.
    private static let epoch = UTCTime(year: 2025, month: 3, day: 19)

    private let root: String
    /// Folders known to exist, relative to the root; their times are set at the end.
    private var folders: Set<String> = []

    /// Makes the root and its parents if they are missing.
    init(root: String) throws(SampleArchiveError) {
        guard !root.isEmpty else {
            throw SampleArchiveError(
                .invalidArgument, "the directory has no name; give a path such as ./sample")
        }
        self.root = root.count > 1 && root.last == "/" ? String(root.dropLast()) : root
        var path = ""
        for component in self.root.split(separator: "/") {
            path += (path.isEmpty && !self.root.hasPrefix("/") ? "" : "/") + component
            try Self.makeDirectory(path)
        }
    }

    /// Takes the directory for one archive: writes the marker, or finds the same one.
    ///
    /// - Throws: ``SampleArchiveError`` if anything else is there.
    func claim(_ marker: ArchiveMarker) throws(SampleArchiveError) {
        let path = "\(root)/\(ArchiveMarker.name)"
        if let found = try Self.read(path, limit: 4096) {
            guard found == Array(marker.text.utf8) else {
                throw SampleArchiveError(
                    .differentArchive,
                    "\(root) holds a sample archive of other arguments or of another version; "
                        + "give the arguments in \(path), choose another directory, or remove "
                        + "this one")
            }
            return
        }
        // A run that was killed before its first rename leaves only this.
        let own = ".\(ArchiveMarker.name).partial"
        guard try Self.entries(of: root).allSatisfy({ $0 == own }) else {
            throw SampleArchiveError(
                .directoryNotEmpty,
                "\(root) is not empty and holds no sample archive; choose an empty directory or "
                    + "a new name")
        }
        try write(Array(marker.text.utf8), to: path, modified: Self.epoch)
    }

    /// Fails early if the file system plainly cannot hold `bytes` more bytes.
    func requireSpace(_ bytes: Int) throws(SampleArchiveError) {
        var status = statvfs()
        guard statvfs(root, &status) == 0 else { throw .system(errno, "examine", root) }
        let free = UInt(status.f_bavail).multipliedReportingOverflow(by: UInt(status.f_frsize))
        // A repeated run replaces files of its own, so what is there already does not count
        // against it; only a first run can be refused here.
        guard free.overflow || UInt(bytes) <= free.partialValue || hasVolumes else {
            throw .noSpace(root)
        }
    }

    mutating func write(_ product: Product) throws(SampleArchiveError) -> Written {
        try makeFolders(volume: product.volume, folder: product.folder)
        let gzip =
            product.isCompressed
            ? GzipEncoder(
                name: String(product.name.dropLast(3)), modified: product.observed.unixSeconds)
            : nil
        var file = try OutputFile(
            "\(root)/\(product.path)", isHashed: product.label != nil, gzip: gzip)
        switch product.content {
        case .fits(let units):
            for unit in units {
                try unit.write(to: &file)
            }
        case .rows(let prefix, let source):
            try file.write(prefix)
            try file.write(rows: source)
        }
        let md5 = try file.commit(modified: product.observed)
        guard let label = product.label else {
            return Written(dataBytes: file.size, labelBytes: nil)
        }
        let text = label.text(file.size, md5)
        try write(
            text, to: "\(root)/\(product.volume)/\(product.folder)/\(label.name)",
            modified: product.observed)
        return Written(dataBytes: file.size, labelBytes: text.count)
    }

    func write(_ readme: VolumeReadme) throws(SampleArchiveError) {
        try write(
            Array(readme.text.utf8), to: "\(root)/\(readme.volume)/\(VolumeReadme.name)",
            modified: Self.epoch)
    }

    /// Sets the times of the folders, which each new entry had changed.
    func finish() throws(SampleArchiveError) {
        let moment = timespec(tv_sec: Self.epoch.unixSeconds, tv_nsec: 0)
        for path in folders.map({ "\(root)/\($0)" }) + [root] {
            let status = withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times in
                times.initialize(repeating: moment)
                return utimensat(AT_FDCWD, path, times.baseAddress, 0)
            }
            guard status == 0 else { throw .system(errno, "set the time of", path) }
        }
    }

    private var hasVolumes: Bool {
        ((try? Self.entries(of: root)) ?? []).contains { $0 != ArchiveMarker.name }
    }

    private mutating func makeFolders(
        volume: String, folder: String
    ) throws(SampleArchiveError) {
        guard !folders.contains("\(volume)/\(folder)") else { return }
        var path = ""
        for component in "\(volume)/\(folder)".split(separator: "/") {
            path += (path.isEmpty ? "" : "/") + component
            if folders.insert(path).inserted {
                try Self.makeDirectory("\(root)/\(path)")
            }
        }
    }

    private func write(
        _ text: [UInt8], to path: String, modified: UTCTime
    ) throws(SampleArchiveError) {
        var file = try OutputFile(path)
        try file.write(text)
        _ = try file.commit(modified: modified)
    }
}
