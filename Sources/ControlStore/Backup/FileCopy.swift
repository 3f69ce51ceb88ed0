internal import Crypto
internal import Glibc
internal import VolumeModel

/// Size and SHA-256 of a file's content.
struct FileContent: Hashable {
    var bytes: Int64 = 0
    var sha256: [UInt8] = []

    /// Reads the file at `path` to its end.
    ///
    /// - Parameter copying: where the same bytes are written to a new file, synced; nil for nowhere.
    /// - Throws: `.storageFailed`.
    init(of path: String, copying target: String? = nil) throws(PerigeeError) {
        let source = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard source >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(source) }
        var copy: Int32 = -1
        if let target {
            copy = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard copy >= 0 else { throw storageFailed(target, errno) }
        }
        defer { if copy >= 0 { close(copy) } }
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
        defer { buffer.deallocate() }
        while true {
            let count = read(source, buffer.baseAddress!, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.unreadable(path, errno) }
            if count == 0 { break }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bufferPointer: part)
            bytes += Int64(count)
            if let target, !writeWhole(part, to: copy) { throw storageFailed(target, errno) }
        }
        if let target, fsync(copy) != 0 { throw storageFailed(target, errno) }
        sha256 = Array(hash.finalize())
    }

    private static func unreadable(_ path: String, _ code: Int32) -> PerigeeError {
        PerigeeError(
            .storageFailed, "\(Printable.quoted(path)) cannot be read", cause: SystemError(code))
    }
}

/// Whether all of `bytes` went out.
private func writeWhole(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        offset += count
    }
    return true
}

/// Takes away a folder of databases with what is in it: one level of folders, as a state or a
/// backup has, and nothing behind a link.
func removeDraft(_ path: String) {
    for name in (try? folderNames(path)) ?? [] where unlink("\(path)/\(name)") != 0 {
        for inner in (try? folderNames("\(path)/\(name)")) ?? [] {
            unlink("\(path)/\(name)/\(inner)")
        }
        rmdir("\(path)/\(name)")
    }
    rmdir(path)
}
