internal import CKernel
internal import Glibc
internal import VolumeModel

/// Real paths, and whether one folder holds another.
enum RealPath {
    /// `path`, made absolute and with every link resolved as far as it exists.
    ///
    /// - Throws: `.invalidArgument` for an empty path, one with NUL, and `..` in the part that does
    ///   not exist; `.storageFailed` where a folder on the way cannot be searched.
    static func resolve(_ path: String) throws(PerigeeError) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw PerigeeError(.invalidArgument, "\(Printable.quoted(path)) is no path")
        }
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var existing = isAbsolute ? path : "\(try workingFolder())/\(path)"
        var missing: [String] = []
        while true {
            if let real = try realPath(existing) {
                return missing.reversed().reduce(real) { $0 == "/" ? "/\($1)" : "\($0)/\($1)" }
            }
            let (head, name) = split(existing)
            guard name != ".." else {
                throw PerigeeError(
                    .invalidArgument,
                    "the path \(Printable.quoted(path)) has `..` behind a folder that does not exist",
                    remedy: "write it without `..`")
            }
            if name != "." { missing.append(name) }
            existing = head
        }
    }

    /// Device and inode of `path` and of each folder above it, the nearest first.
    ///
    /// - Throws: `.storageFailed`.
    static func identities(from path: String) throws(PerigeeError) -> [FileIdentifier] {
        var all: [FileIdentifier] = []
        var path = path
        while true {
            if let identifier = try FileIdentifier(path) { all.append(identifier) }
            if path == "/" { return all }
            path = parent(of: path)
        }
    }

    /// Nil where it does not exist.
    private static func realPath(_ path: String) throws(PerigeeError) -> String? {
        guard let pointer = realpath(path, nil) else {
            if errno == ENOENT { return nil }
            throw PerigeeError(
                .storageFailed, "the path \(Printable.quoted(path)) cannot be resolved",
                cause: SystemError(errno))
        }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func workingFolder() throws(PerigeeError) -> String {
        guard let pointer = getcwd(nil, 0) else {
            throw PerigeeError(
                .storageFailed, "the working folder is gone", remedy: "change to another",
                cause: SystemError(errno))
        }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// The last segment, and what stands before it.
    private static func split(_ path: String) -> (head: String, name: String) {
        var bytes = Array(path.utf8)
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        let slash = bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return (
            slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self),
            String(decoding: bytes[(slash + 1)...], as: UTF8.self)
        )
    }
}

/// Which file it is, whatever it is called.
struct FileIdentifier: Hashable, Sendable {
    /// The device's number.
    let device: UInt64
    /// The number of the inode there.
    let inode: UInt64

    /// Nil where there is no such file; links are followed.
    ///
    /// - Throws: `.storageFailed`.
    init?(_ path: String) throws(PerigeeError) {
        var status = perigee_stat()
        let code = perigee_stat_following(AT_FDCWD, path, &status)
        if code == -ENOENT || code == -ENOTDIR { return nil }
        guard code == 0 else {
            throw PerigeeError(
                .storageFailed, "\(Printable.quoted(path)) cannot be looked at",
                cause: SystemError(code))
        }
        device = status.device
        inode = status.inode
    }
}
