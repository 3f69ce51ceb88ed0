internal import Glibc
package import VolumeModel

/// Files and folders of a test on a real disk, by paths in bytes: what the overlay of Foundation
/// cannot name, a test of odd names needs.
package enum DiskFile {
    /// Writes a file, or fails with the errno.
    package static func write(_ path: String, _ content: [UInt8]) throws {
        try write(Array(path.utf8), content)
    }

    /// The same for a name in bytes.
    package static func write(_ path: [UInt8], _ content: [UInt8]) throws {
        let descriptor = withBytesPath(path) {
            open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        }
        try check(descriptor)
        defer { close(descriptor) }
        var offset = 0
        while offset < content.count {
            let count = content.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
            }
            try check(Int32(clamping: count))
            offset += count
        }
    }

    /// Puts new content in place by rename, as an archive does.
    package static func replace(_ path: String, _ content: [UInt8]) throws {
        try write("\(path).part", content)
        try check(rename("\(path).part", path))
    }

    /// Writes into a file without truncating it: what no archive should do.
    package static func overwrite(_ path: String, at offset: Int, _ content: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        try check(descriptor)
        defer { close(descriptor) }
        try check(Int32(clamping: pwrite(descriptor, content, content.count, offset)))
    }

    /// Sets a file's size; the new part is a hole.
    package static func setSize(_ path: String, _ size: Int64) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        try check(descriptor)
        defer { close(descriptor) }
        try check(ftruncate(descriptor, Int(size)))
    }

    /// Makes a folder.
    package static func makeFolder(_ path: String) throws {
        try check(mkdir(path, 0o755))
    }

    /// Makes a folder and those above it.
    package static func makeFolders(_ path: String) throws {
        var current = ""
        for segment in path.split(separator: "/") {
            current += "/\(segment)"
            guard mkdir(current, 0o755) == 0 || errno == EEXIST else { throw SystemError(errno) }
        }
    }

    /// Makes a symbolic link.
    package static func link(_ path: String, to target: String) throws {
        try check(symlink(target, path))
    }

    /// Renames.
    package static func move(_ path: String, to other: String) throws {
        try check(rename(path, other))
    }

    /// Removes a file, a link or an empty folder.
    package static func remove(_ path: String) throws {
        guard Glibc.remove(path) == 0 else { throw SystemError(errno) }
    }

    /// Makes a pipe.
    package static func makePipe(_ path: String) throws {
        try check(mkfifo(path, 0o644))
    }

    /// Sets mtime; links are followed.
    package static func setModified(_ path: String, _ time: Timestamp) throws {
        var (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000_000_000) }
        let times = [
            timespec(tv_sec: 0, tv_nsec: 1_073_741_822),  // UTIME_OMIT
            timespec(tv_sec: Int(seconds), tv_nsec: Int(rest)),
        ]
        try check(utimensat(AT_FDCWD, path, times, 0))
    }

    /// mtime of what stands there; links are followed.
    package static func modified(_ path: String) throws -> Timestamp {
        var status = stat()
        try check(stat(path, &status))
        return Timestamp(
            nanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(status.st_mtim.tv_nsec))
    }

    /// All bytes of a file.
    package static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        try check(descriptor)
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            try check(Int32(clamping: count))
            if count == 0 { return content }
            content.append(contentsOf: buffer[..<count])
        }
    }

    /// Whether anything of that name is there; a dangling link is.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func check(_ result: Int32) throws {
        if result < 0 { throw SystemError(errno) }
    }
}

/// Calls `body` with `path` as a C string.
package func withBytesPath<Result>(
    _ path: [UInt8], _ body: (UnsafePointer<CChar>) throws -> Result
) rethrows -> Result {
    try (path + [0]).withUnsafeBytes { bytes in
        try body(bytes.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
}

/// The names in a folder, in no order, without `.` and `..`; none where it cannot be read.
package func folderNames(_ path: [UInt8]) -> [[UInt8]] {
    guard let stream = withBytesPath(path, { opendir($0) }) else { return [] }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
        if name != [0x2e], name != [0x2e, 0x2e] { names.append(name) }
    }
    return names
}

/// Removes a folder with all below it; links are not followed.
func removeTree(_ path: [UInt8]) {
    for name in folderNames(path) {
        let child = path + [UInt8(ascii: "/")] + name
        var status = stat()
        guard withBytesPath(child, { lstat($0, &status) }) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
            removeTree(child)
        } else {
            _ = withBytesPath(child) { unlink($0) }
        }
    }
    _ = withBytesPath(path) { rmdir($0) }
}
