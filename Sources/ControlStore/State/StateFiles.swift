internal import CKernel
internal import Glibc
internal import VolumeModel

/// Whether something of that name is there, links followed.
func fileExists(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

/// Bytes of the file, or nil where there is none.
func fileSize(_ path: String) -> UInt64? {
    var status = perigee_stat()
    return perigee_stat_following(AT_FDCWD, path, &status) == 0 ? status.size : nil
}

/// The first 4,096 bytes of a file, or nil where it cannot be read.
func smallFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return smallFile(descriptor)
}

/// The first 4,096 bytes of an open file, or nil where it cannot be read.
func smallFile(_ descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return count < 0 ? nil : Array(bytes[..<count])
}

/// All bytes of a file, or nil where it cannot be read.
func wholeFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &part, part.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return nil }
        if count == 0 { return bytes }
        bytes += part[..<count]
    }
}

/// What is in a folder, in no order, without `.` and `..`.
///
/// - Throws: `.storageFailed`.
func folderNames(_ path: String) throws(PerigeeError) -> [String] {
    guard let stream = opendir(path) else { throw storageFailed(path, errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// Puts a small file in place, durably and whole or not at all: written under another name, synced
/// and renamed.
///
/// - Throws: `.storageFailed`.
func writeSmallFile(_ path: String, _ text: String) throws(PerigeeError) {
    let draft = draftName(of: path)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw storageFailed(path, errno) }
    let bytes = Array(text.utf8)
    let written = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard written else {
        unlink(draft)
        throw storageFailed(path, code)
    }
    guard rename(draft, path) == 0 else {
        let code = errno
        unlink(draft)
        throw storageFailed(path, code)
    }
    try syncFolder(of: path)
}

/// A name beside `path` for what is going to be put there, used by nobody else.
func draftName(of path: String) -> String {
    "\(path).new-\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
}

/// Makes the names in the folder of `path` durable.
///
/// - Throws: `.storageFailed`.
func syncFolder(of path: String) throws(PerigeeError) {
    let folder = parent(of: path)
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw storageFailed(folder, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw storageFailed(folder, errno) }
}

/// The folder that holds an absolute path; `/` is its own.
func parent(of path: String) -> String {
    let bytes = Array(path.utf8)
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")), slash > 0 else { return "/" }
    return String(decoding: bytes[..<slash], as: UTF8.self)
}

/// That our own disk failed at `path`.
func storageFailed(_ path: String, _ code: Int32) -> PerigeeError {
    PerigeeError(
        .storageFailed, "\(Printable.quoted(path)) cannot be written",
        remedy: "see that its folder can be written and the disk has room",
        cause: SystemError(code))
}
