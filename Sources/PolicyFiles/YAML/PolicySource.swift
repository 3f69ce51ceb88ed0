internal import Glibc
internal import VolumeModel

/// The bytes of one policy file.
package struct PolicySource: Sendable {
    /// The largest file in bytes: 1 MiB.
    package static let largest = 1 << 20
    /// The most files in one folder.
    package static let most = 1_000

    /// The file as it was named.
    package let path: String
    /// The file and the folder that it lies in, as rules remember it: `policies/jwst.yaml`.
    package let name: String
    /// What it holds.
    package let bytes: [UInt8]

    /// Takes bytes that were read already.
    package init(path: String, name: String? = nil, bytes: [UInt8]) {
        self.path = path
        self.name = name ?? path
        self.bytes = bytes
    }

    /// Reads a file, or the `*.yaml` of a folder itself, sorted by bytes; names that begin with a
    /// dot are left out, as a shell does.
    ///
    /// No more than the largest file is ever read of one. Blocks on the disk.
    ///
    /// - Throws: what is wrong with files, at their first line.
    package static func read(_ path: String) throws(PolicyFaults) -> [PolicySource] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw fault(path, SystemError(errno)) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return [try readFile(path, mayBePipe: true)]
        }
        var faults = PolicyFaults()
        var sources: [PolicySource] = []
        for name in try yamlNames(in: path, &faults) {
            do throws(PolicyFaults) {
                sources.append(try readFile(joined(path, name), mayBePipe: false))
            } catch {
                faults.add(error)
            }
        }
        try faults.check()
        return sources
    }

    private static func yamlNames(
        in folder: String, _ faults: inout PolicyFaults
    ) throws(PolicyFaults) -> [String] {
        guard let stream = opendir(folder) else { throw fault(folder, SystemError(errno)) }
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
                    start(of: joined(folder, name)),
                    "only files that end in .yaml are read",
                    remedy: "call it \(Printable.escaped(Array(name.utf8.dropLast(3))))yaml")
            }
        }
        guard !names.isEmpty || !faults.isEmpty else {
            throw PolicyFaults(
                start(of: folder), "the folder holds no *.yaml",
                remedy: "name the folder in which the policies lie; folders in it are not read")
        }
        guard names.count <= most else {
            throw PolicyFaults(
                start(of: folder),
                "the folder holds \(names.count) files, more than \(most)",
                remedy: "put several documents into one file, or feed teams by perigee team sync")
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// - Parameter mayBePipe: a pipe is what a shell makes of `<(...)`; in a folder it would only
    ///   keep everybody waiting.
    private static func readFile(
        _ path: String, mayBePipe: Bool
    ) throws(PolicyFaults) -> PolicySource {
        // Looked at first: an open pipe without a writer waits, a device may do anything.
        var status = stat()
        guard stat(path, &status) == 0 else { throw fault(path, SystemError(errno)) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || (mayBePipe && kind == S_IFIFO) else {
            throw PolicyFaults(
                start(of: path), "this is not a file",
                remedy: "a policy is a regular file, or a link to one")
        }
        guard kind != S_IFREG || status.st_size <= largest else { throw tooLarge(path) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw fault(path, SystemError(errno)) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: largest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + filled, $0.count - filled)
            }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw fault(path, SystemError(errno))
            }
            filled += count
        }
        guard filled <= largest else { throw tooLarge(path) }
        return PolicySource(path: path, name: storedName(path), bytes: Array(bytes[..<filled]))
    }

    private static func start(of path: String) -> FilePlace {
        FilePlace(file: path, line: 1, column: 1)
    }

    private static func joined(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// The file's name below that of its folder, so that it does not matter from where it was named.
    /// A rule's place is one line: a control character is kept as the sign of one that is unknown.
    private static func storedName(_ path: String) -> String {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? "."
        let name = path[(slash.map { path.index(after: $0) } ?? path.startIndex)...]
        guard let real = realpath(String(folder), nil) else { return path }
        defer { free(real) }
        let above = String(cString: real).split(separator: "/").last.map { "\($0)/" } ?? ""
        let scalars = "\(above)\(name)".unicodeScalars.map {
            $0.properties.generalCategory == .control ? "\u{fffd}" : $0
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func tooLarge(_ path: String) -> PolicyFaults {
        PolicyFaults(
            start(of: path), "the file is larger than 1 MiB",
            remedy: "split it; teams that an archive knows are fed by perigee team sync")
    }

    private static func fault(_ path: String, _ error: SystemError) -> PolicyFaults {
        PolicyFaults(
            start(of: path), "cannot be read: \(error)",
            remedy: "name a folder or file that this user may read")
    }
}

extension PolicyFaults {
    /// A single fault.
    init(_ place: FilePlace, _ message: String, remedy: String) {
        self.init()
        add(place, message, remedy: remedy)
    }
}
