internal import Glibc
internal import VolumeModel
package import YAMLFiles

/// Where policies are read from.
package enum PolicySource {
    /// The most files in one folder.
    package static let most = 1_000

    /// Reads a file, or the `*.yaml` of a folder itself, sorted by bytes; names that begin with a
    /// dot are left out, as a shell does.
    ///
    /// No more than the largest file is ever read of one. Blocks on the disk.
    ///
    /// - Throws: what is wrong with files, at their first line.
    package static func read(_ path: String) throws(FileFaults) -> [YAMLSource] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw YAMLSource.fault(path, SystemError(errno)) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return [try YAMLSource(reading: path, mayBePipe: true, purpose: .policy)]
        }
        var faults = FileFaults()
        var sources: [YAMLSource] = []
        for name in try yamlNames(in: path, &faults) {
            do throws(FileFaults) {
                sources.append(
                    try YAMLSource(
                        reading: joined(path, name), mayBePipe: false, purpose: .policy))
            } catch {
                faults.add(error)
            }
        }
        try faults.check()
        return sources
    }

    private static func yamlNames(
        in folder: String, _ faults: inout FileFaults
    ) throws(FileFaults) -> [String] {
        guard let stream = opendir(folder) else {
            throw YAMLSource.fault(folder, SystemError(errno))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(".") { continue }
            if name.hasSuffix(".yaml") {
                names.append(name)
            } else if name.hasSuffix(".yml") {
                faults.add(
                    YAMLSource.start(of: joined(folder, name)),
                    "only files that end in .yaml are read",
                    remedy: "call it \(Printable.escaped(Array(name.utf8.dropLast(3))))yaml")
            }
        }
        guard !names.isEmpty || !faults.isEmpty else {
            throw FileFaults(
                YAMLSource.start(of: folder), "the folder holds no *.yaml",
                remedy: "name the folder in which the policies lie; folders in it are not read")
        }
        guard names.count <= most else {
            throw FileFaults(
                YAMLSource.start(of: folder),
                "the folder holds \(names.count) files, more than \(most)",
                remedy: "put several documents into one file, or feed teams by perigee team sync")
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func joined(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }
}

extension YAMLPurpose {
    /// Volumes, teams, rules, and tests of them.
    package static let policy = YAMLPurpose(
        "a policy", splitting: "split it; teams that an archive knows are fed by perigee team sync")
}
