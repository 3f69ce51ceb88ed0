import AccessControl
import Foundation
import FuseMount
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

/// A mount, asked as programs ask the kernel.
struct AccessMountDriver: AccessDriver {
    let root: String
    let principal: Principal
    var showing = ShownEntries.listed

    init(_ mounted: Mounted, _ identity: MountIdentity) {
        root = mounted.path
        principal = identity.principal
        showing = identity.showing
    }

    func volumes() async throws -> [VolumeName]? {
        let root = root
        return try await offPool {
            try names(root).sorted().map { try VolumeName($0) }
        }
    }

    func totals() async throws -> AccessTotals? {
        let root = root
        return try await offPool {
            var facts = statvfs()
            guard statvfs(root, &facts) == 0 else { throw Errno(value: errno) }
            guard facts.f_bfree == 0, facts.f_bavail == 0, facts.f_ffree == 0 else {
                throw AccessContradiction("a read-only file system has something free")
            }
            // The root is counted.
            return AccessTotals(
                nodes: Int64(facts.f_files) - 1,
                bytes: Int64(facts.f_blocks) * Int64(facts.f_frsize),
                unit: Int64(facts.f_frsize))
        }
    }

    func report(_ question: AccessQuestion) async throws -> AccessReport {
        let path = "\(root)/\(question.volume)\(question.revision)/\(question.path)"
        return try await offPool {
            var path = path
            while path.last == "/" { path.removeLast() }
            return try Self.report(path)
        }
    }

    private static func report(_ path: String) throws -> AccessReport {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            let refused = errno
            guard [ENOENT, ENOTDIR].contains(refused) else { throw Errno(value: refused) }
            let opened = try refusal { _ = try readAll(path) }
            guard opened == refused, access(path, F_OK) != 0, errno == refused,
                try refusal({ _ = try folderEntries(checked: path) }) == refused
            else { throw AccessContradiction("\(path) is refused in two ways") }
            return AccessReport(.absent, refusal: "errno \(refused)")
        }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        var report = AccessReport(
            isFolder
                ? .folder(try listing(path)) : try file(path, status))
        report.modified = Timestamp(
            nanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(status.st_mtim.tv_nsec))
        if let told = try MountStatus.read(path) {
            guard told.node == status.st_ino, told.size == Int64(status.st_size) || isFolder else {
                throw AccessContradiction("\(path): perigee stat says what stat does not")
            }
            report.words = "\(told)"
        }
        return report
    }

    /// Names in the order of their keys, each found by itself with the same number.
    private static func listing(_ path: String) throws -> [[UInt8]] {
        var keys: [[UInt8]] = []
        for (name, node) in try folderEntries(checked: path) {
            var status = stat()
            let found = withBytesPath(Array("\(path)/".utf8) + name) { lstat($0, &status) }
            guard found == 0, status.st_ino == node else {
                throw AccessContradiction("\(path): \(name) is listed, and found as something else")
            }
            keys.append(status.st_mode & S_IFMT == S_IFDIR ? name + [0x2f] : name)
        }
        return keys.sorted { $0.lexicographicallyPrecedes($1) }.map {
            $0.last == 0x2f ? Array($0.dropLast()) : $0
        }
    }

    private static func file(_ path: String, _ status: stat) throws -> AccessAnswer {
        let mode = status.st_mode & 0o7777
        guard mode == 0o444 || mode == 0 else {
            throw AccessContradiction("\(path) has the mode \(String(mode, radix: 8))")
        }
        // access(2) goes by the mode, which root need not mind.
        let mayRead = geteuid() == 0 ? mode == 0o444 : access(path, R_OK) == 0
        do {
            let content = try readAll(path)
            guard mode == 0o444, mayRead, content.count == Int(status.st_size) else {
                throw AccessContradiction("\(path) opens, against its mode")
            }
            return .content(content)
        } catch let error as Errno where error.value == EACCES {
            guard mode == 0, !mayRead else {
                throw AccessContradiction("\(path) is refused, against its mode")
            }
            return .closed(size: Int64(status.st_size))
        } catch let error as Errno where error.value == ESTALE {
            return .gone(size: Int64(status.st_size))
        }
    }
}

/// Names and numbers in a folder, in no order, without `.` and `..`.
///
/// - Throws: the errno.
func folderEntries(checked path: String) throws -> [(name: [UInt8], node: UInt64)] {
    guard let folder = opendir(path) else { throw Errno(value: errno) }
    defer { closedir(folder) }
    return try folderEntries(of: folder)
}

/// The rest of an open folder.
func folderEntries(of folder: OpaquePointer) throws -> [(name: [UInt8], node: UInt64)] {
    var found: [(name: [UInt8], node: UInt64)] = []
    errno = 0
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
        if name != [0x2e], name != [0x2e, 0x2e] {
            found.append((name, UInt64(entry.pointee.d_ino)))
        }
        errno = 0
    }
    guard errno == 0 else { throw Errno(value: errno) }
    return found
}
