internal import CKernel
internal import Glibc
internal import VolumeModel

/// Finds where symbolic links lead, as real paths below the origin root.
struct LinkResolver {
    /// The most links to folders on one path.
    static let deepest = 8

    private let realRoot: [UInt8]

    enum Outcome {
        case file([UInt8], perigee_stat)
        case folder([UInt8], perigee_stat)
        case problem(ScanProblem.Kind, String)
    }

    /// - Throws: `.originUnavailable`.
    init(root: OpenDescriptor, path: String) throws(PerigeeError) {
        guard let real = Self.realPath(root.value) else {
            throw PerigeeError(
                .originUnavailable, "the real path of \(Printable.quoted(path)) cannot be found",
                remedy: "mount /proc")
        }
        realRoot = real == [UInt8(ascii: "/")] ? [] : real
    }

    func resolve(
        _ name: UnsafePointer<CChar>, in directory: Int32, of folder: FolderReader.Folder
    ) -> Outcome {
        let opened = perigee_open_path(directory, name)
        guard opened >= 0 else {
            return .problem(Self.problem(opened), SystemError(opened).description)
        }
        let descriptor = OpenDescriptor(opened)
        var found = perigee_stat()
        let code = perigee_stat_descriptor(descriptor.value, &found)
        guard code == 0 else {
            return .problem(Self.problem(code), SystemError(code).description)
        }
        guard let real = Self.realPath(descriptor.value) else { return .problem(.linkDangles, "") }
        guard let path = below(real) else {
            return .problem(.linkLeavesRoot, "to \(Printable.quoted(real))")
        }
        switch found.mode & UInt32(S_IFMT) {
        case UInt32(S_IFREG):
            return .file(path, found)
        case UInt32(S_IFDIR):
            let held = folder.crossings + [folder.realPath]
            if held.contains(where: { isAncestor(path, of: $0) }) {
                return .problem(.linkToAncestor, "to \(Printable.quoted(path))")
            }
            if folder.crossings.count >= Self.deepest { return .problem(.linkTooDeep, "") }
            return .folder(path, found)
        default:
            return .problem(.specialFile, "behind a link")
        }
    }

    /// What it means that a link cannot be followed: that it leads nowhere, or, where the system says
    /// so (no right, no answer, no descriptor left), that this time it could not be told where.
    ///
    /// - Parameter code: an errno, negated or not.
    static func problem(_ code: Int32) -> ScanProblem.Kind {
        switch SystemError(code).errno {
        case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG: .linkDangles
        default: .unreadableFile
        }
    }

    /// `real` relative to the root, or nil where it lies outside.
    private func below(_ real: [UInt8]) -> [UInt8]? {
        if real == realRoot || (realRoot.isEmpty && real == [UInt8(ascii: "/")]) { return [] }
        guard real.starts(with: realRoot), real.count > realRoot.count,
            real[realRoot.count] == UInt8(ascii: "/")
        else { return nil }
        return Array(real[(realRoot.count + 1)...])
    }

    private func isAncestor(_ path: [UInt8], of other: [UInt8]) -> Bool {
        path.isEmpty || path == other
            || (other.starts(with: path) && other[path.count] == UInt8(ascii: "/"))
    }

    /// Where an open descriptor is now, as /proc tells it; nil where it is nowhere any more.
    private static func realPath(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4_097)
        let capacity = buffer.count - 1
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink(
                "/proc/self/fd/\(descriptor)",
                bytes.baseAddress!.assumingMemoryBound(to: CChar.self), capacity)
        }
        guard count > 0, count < capacity, buffer[0] == UInt8(ascii: "/") else { return nil }
        return Array(buffer[..<count])
    }
}
