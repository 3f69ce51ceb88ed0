import Glibc
import PerigeeTesting
import VolumeModel

/// The result of a system call: a value or its errno.
enum Outcome<Value: Equatable>: Equatable, CustomStringConvertible {
    case ok(Value)
    case failed(Int32)

    var value: Value? { if case .ok(let value) = self { value } else { nil } }
    var error: Int32 { if case .failed(let code) = self { code } else { 0 } }
    var description: String {
        switch self {
        case .ok(let value): "ok(\(value))"
        case .failed(let code): "failed(\(String(cString: strerror(code))))"
        }
    }
}

/// 0, or the errno of a call that returned less.
func code(_ result: some BinaryInteger) -> Int32 { result < 0 ? errno : 0 }

/// All bytes of a file as a program reads them.
func contents(_ path: String) -> Outcome<[UInt8]> {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return .failed(errno) }
    defer { close(file) }
    return contents(of: file)
}

/// All bytes of an open file from its start.
func contents(of file: Int32) -> Outcome<[UInt8]> {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 17)
    while true {
        let count = pread(file, &piece, piece.count, all.count)
        if count < 0 { return .failed(errno) }
        if count == 0 { return .ok(all) }
        all += piece[..<count]
    }
}

/// Bytes of an open file at an offset.
func bytes(of file: Int32, at offset: Int, count: Int) -> Outcome<[UInt8]> {
    var piece = [UInt8](repeating: 0, count: count)
    let got = pread(file, &piece, count, offset)
    return got < 0 ? .failed(errno) : .ok(Array(piece[..<got]))
}

/// The names in a folder, sorted by bytes.
func listing(_ path: String) -> Outcome<[String]> {
    guard let stream = opendir(path) else { return .failed(errno) }
    defer { closedir(stream) }
    var found: [String] = []
    errno = 0
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { found.append(name) }
        errno = 0
    }
    return errno == 0
        ? .ok(found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }) : .failed(errno)
}

/// Size, mtime, kind and inode of a path.
struct Facts: Equatable {
    var size: Int
    var modified: Timestamp
    var isFolder: Bool
    var mode: UInt32
    var inode: UInt64

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        size = Int(status.st_size)
        modified = Timestamp(
            nanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(status.st_mtim.tv_nsec))
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        mode = status.st_mode
        inode = UInt64(status.st_ino)
    }
}

/// A file mapped read-only.
final class Mapping {
    private let base: UnsafeMutableRawPointer
    let count: Int

    /// - Throws: the errno of mmap(2).
    init(_ file: Int32, count: Int, flags: Int32 = MAP_SHARED) throws {
        guard let base = mmap(nil, count, PROT_READ, flags, file, 0), base != MAP_FAILED else {
            throw SystemError(errno)
        }
        self.base = base
        self.count = count
    }

    deinit { munmap(base, count) }

    /// A copy of what is mapped; a page that is gone ends the process with SIGBUS.
    var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count)) }

    /// One page as the kernel copies it: where a program's own touch would be SIGBUS, write(2) fails
    /// with EFAULT, and the process goes on.
    func page(_ index: Int) throws -> Outcome<[UInt8]> {
        let size = 4_096
        let length = min(size, count - index * size)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError(errno) }
        defer { for end in ends { close(end) } }
        guard write(ends[1], base + index * size, length) == length else { return .failed(errno) }
        var bytes = [UInt8](repeating: 0, count: length)
        guard read(ends[0], &bytes, length) == length else { throw SystemError(EIO) }
        return .ok(bytes)
    }
}

/// Bytes that tell their place and their version: every 8 bytes are one number.
func pattern(_ count: Int, version: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (count + 7) & ~7)
    bytes.withUnsafeMutableBytes { raw in
        let words = raw.bindMemory(to: UInt64.self)
        for index in 0..<words.count {
            words[index] =
                (version &* 0x9e37_79b9_7f4a_7c15) ^ UInt64(index) &* 0xbf58_476d_1ce4_e5b9
        }
    }
    return Array(bytes.prefix(count))
}
