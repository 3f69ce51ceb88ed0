internal import FoundationEssentials
internal import Glibc
package import VolumeModel

/// What a mount tells of a file or folder in it, as `perigee stat PATH-IN-A-MOUNT` prints it.
///
/// On the wire: the read-only ioctl `command` with a block of `blockSize` bytes in both directions,
/// numbers in the machine's byte order. In: format (UInt32, 1), length of a name (UInt32), the name;
/// with length 0 the descriptor's own file or folder is meant, else the entry of that name in the
/// descriptor's folder, which need not be one that can be opened. Out: format (UInt32, 1), length
/// (UInt32), and that many bytes of JSON, this structure.
package struct MountStatus: Codable, Hashable, Sendable {
    /// The way in which an open file's reads are served.
    package enum Serving: String, Codable, Sendable {
        /// The kernel reads the origin's file by itself.
        case passthrough
        /// The daemon reads, the kernel keeps pages.
        case cached
        /// The daemon reads and checks each time.
        case direct
    }

    /// The volume; nil for the folder of volumes.
    package var volume: String?
    /// The revision that the path leads through, as a number.
    package var revision: Int?
    /// Whether the path names that revision, rather than whatever is current.
    package var pinned: Bool?
    /// The path inside the volume; empty for its root.
    package var path: String?
    /// `file` or `folder`.
    package var kind: String
    /// Bytes.
    package var size: Int64
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var modified: Int64
    /// The inode number.
    package var node: UInt64
    /// The entity tag; nil for a folder.
    package var etag: String?
    /// Digests of the content in hexadecimal, by the algorithm's name.
    package var digests: [String: String]
    /// The revision in which this version came.
    package var added: Int?
    /// How reads are served; nil for what nobody has open.
    package var serving: Serving?

    /// Puts the facts together.
    package init(
        volume: String?, revision: Int?, pinned: Bool?, path: String?, kind: String, size: Int64,
        modified: Int64, node: UInt64, etag: String?, digests: [String: String], added: Int?,
        serving: Serving?
    ) {
        self.volume = volume
        self.revision = revision
        self.pinned = pinned
        self.path = path
        self.kind = kind
        self.size = size
        self.modified = modified
        self.node = node
        self.etag = etag
        self.digests = digests
        self.added = added
        self.serving = serving
    }

    /// The format of both blocks.
    static let format: UInt32 = 1
    /// Bytes of the block: a path of 1,024 bytes fits even when each takes six in JSON.
    static let blockSize = 12_288
    /// Before the name, and before the JSON.
    static let headerSize = 8
    /// `_IOWR('p', 0x51, blockSize)` of <asm-generic/ioctl.h>, whose size field has 14 bits.
    static let command: UInt32 =
        3 << 30 | UInt32(blockSize) << 16 | UInt32(UInt8(ascii: "p")) << 8 | 0x51
}

extension MountStatus {
    /// Asks the mount in which `path` lies. Works for entries that cannot be opened, through their
    /// folder. Blocks as long as the mount takes to answer.
    ///
    /// - Returns: nil where the path lies in no mount of ours.
    /// - Throws: `.notFound`, `.accessDenied`, `.corrupt` and what the system says.
    package static func read(_ path: String) throws(PerigeeError) -> MountStatus? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW)
        if descriptor >= 0 {
            defer { close(descriptor) }
            return try ask(descriptor, name: [], path)
        }
        let refusal = Glibc.errno
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        let slash = trimmed.lastIndex(of: "/")
        let start = slash.map { trimmed.index(after: $0) } ?? trimmed.startIndex
        let name = Array(trimmed[start...].utf8)
        let parent = slash.map { $0 == trimmed.startIndex ? "/" : String(trimmed[..<$0]) } ?? "."
        let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard refusal != ENOENT, !name.isEmpty, folder >= 0 else {
            if folder >= 0 { close(folder) }
            throw failure(path, refusal)
        }
        defer { close(folder) }
        return try ask(folder, name: name, path)
    }

    private static func ask(
        _ descriptor: Int32, name: [UInt8], _ path: String
    ) throws(PerigeeError) -> MountStatus? {
        guard name.count <= EntryPath.longestSegment else { throw failure(path, ENAMETOOLONG) }
        var block = [UInt8](repeating: 0, count: blockSize)
        let result = block.withUnsafeMutableBytes { block in
            block.storeBytes(of: format, as: UInt32.self)
            block.storeBytes(of: UInt32(name.count), toByteOffset: 4, as: UInt32.self)
            block[headerSize...].copyBytes(from: name)
            guard let base = block.baseAddress else { return EINVAL }
            return ioctl(descriptor, UInt(command), base) == 0 ? 0 : Glibc.errno
        }
        if result == ENOTTY || result == EINVAL { return nil }
        guard result == 0 else { throw failure(path, result) }
        return try decode(block)
    }

    /// - Throws: `.newerFormat`, `.corrupt`.
    static func decode(_ block: [UInt8]) throws(PerigeeError) -> MountStatus {
        let version = block.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        let length = block.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        }
        guard version == format else {
            throw PerigeeError(
                .newerFormat, "the mount speaks another version (\(version))",
                remedy: "use the perigee that serves the mount")
        }
        do {
            return try JSONDecoder().decode(
                MountStatus.self, from: Data(block[headerSize...].prefix(Int(length))))
        } catch {
            throw PerigeeError(.corrupt, "the mount's answer cannot be read", cause: error)
        }
    }

    /// The name that a block asks for, empty for the descriptor itself; nil where it is malformed.
    static func name(in block: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard block.count == blockSize, block.loadUnaligned(as: UInt32.self) == format else {
            return nil
        }
        let length = Int(block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard length <= EntryPath.longestSegment else { return nil }
        return UnsafeRawBufferPointer(rebasing: block[headerSize..<headerSize + length])
    }

    /// The block that answers; nil where it does not fit.
    func block() -> [UInt8]? {
        guard let json = try? JSONEncoder().encode(self),
            json.count <= Self.blockSize - Self.headerSize
        else { return nil }
        return withUnsafeBytes(of: Self.format) { Array($0) }
            + withUnsafeBytes(of: UInt32(json.count)) { Array($0) } + Array(json)
    }

    private static func failure(_ path: String, _ errno: Int32) -> PerigeeError {
        let code: PerigeeError.Code =
            switch errno {
            case ENOENT: .notFound
            case ENOTDIR: .notADirectory
            case EACCES, EPERM: .accessDenied
            case ENAMETOOLONG: .nameTooLong
            case ESTALE: .stale
            default: .storageFailed
            }
        let remedy =
            switch errno {
            case ENOENT: "list the folder that should hold it"
            case ENOTCONN:
                "the process behind the mount is gone: mount there again, or take the mount away: "
                    + "perigee unmount MOUNTPOINT"
            default: "check that the mount answers: ls \(path)"
            }
        return PerigeeError(
            code, "cannot ask for \(Printable.quoted(path))", remedy: remedy,
            cause: SystemError(errno))
    }
}
