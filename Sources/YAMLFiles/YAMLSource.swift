internal import Glibc
package import VolumeModel

/// What a file is for, in the words of its faults.
package struct YAMLPurpose: Sendable {
    /// With its article: `a policy`.
    package let words: String
    /// What to do about a file that is too large.
    package let splitting: String

    /// Puts a purpose together.
    package init(_ words: String, splitting: String) {
        self.words = words
        self.splitting = splitting
    }
}

/// The bytes of one YAML file.
package struct YAMLSource: Sendable {
    /// The largest file in bytes: 1 MiB.
    package static let largest = 1 << 20

    /// The file as it was named.
    package let path: String
    /// The file and the folder that it lies in, as rules remember it: `policies/jwst.yaml`.
    package let name: String
    /// What it holds.
    package let bytes: [UInt8]
    /// What it is for.
    package let purpose: YAMLPurpose

    /// Takes bytes that were read already.
    package init(path: String, name: String? = nil, bytes: [UInt8], purpose: YAMLPurpose) {
        self.path = path
        self.name = name ?? path
        self.bytes = bytes
        self.purpose = purpose
    }

    /// Reads a file; no more than the largest one is ever read. Blocks on the disk.
    ///
    /// - Parameter mayBePipe: a pipe is what a shell makes of `<(...)`; in a folder it would only
    ///   keep everybody waiting.
    /// - Throws: what is wrong with the file, at its first line.
    package init(
        reading path: String, mayBePipe: Bool, purpose: YAMLPurpose
    ) throws(FileFaults) {
        // Looked at first: an open pipe without a writer waits, a device may do anything.
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.fault(path, SystemError(errno)) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || (mayBePipe && kind == S_IFIFO) else {
            throw FileFaults(
                Self.start(of: path), "this is not a file",
                remedy: "\(purpose.words) is a regular file, or a link to one")
        }
        let tooLarge = FileFaults(
            Self.start(of: path), "the file is larger than 1 MiB", remedy: purpose.splitting)
        guard kind != S_IFREG || status.st_size <= Self.largest else { throw tooLarge }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.fault(path, SystemError(errno)) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.largest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + filled, $0.count - filled)
            }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.fault(path, SystemError(errno))
            }
            filled += count
        }
        guard filled <= Self.largest else { throw tooLarge }
        self.init(
            path: path, name: Self.storedName(path), bytes: Array(bytes[..<filled]),
            purpose: purpose)
    }

    /// Where a file or folder begins, for what is wrong with all of it.
    package static func start(of path: String) -> FilePlace {
        FilePlace(file: path, line: 1, column: 1)
    }

    /// That a file or folder cannot be read.
    package static func fault(_ path: String, _ error: SystemError) -> FileFaults {
        FileFaults(
            start(of: path), "cannot be read: \(error)",
            remedy: "name a folder or file that this user may read")
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
}
