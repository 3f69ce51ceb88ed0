internal import Glibc

extension OutputTree {
    /// Makes one directory unless it exists.
    static func makeDirectory(_ path: String) throws(SampleArchiveError) {
        guard mkdir(path, 0o755) != 0 else { return }
        let failure = errno
        var status = stat()
        guard failure == EEXIST || failure == EACCES || failure == EROFS,
            stat(path, &status) == 0
        else { throw .system(failure, "make the directory", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(ENOTDIR, "make the directory", path)
        }
    }

    /// Names in a directory, without `.` and `..`, in no order.
    static func entries(of path: String) throws(SampleArchiveError) -> [String] {
        guard let directory = opendir(path) else { throw .system(errno, "list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." {
                names.append(name)
            }
        }
        return names
    }

    /// The content of a small file, at most `limit` bytes; nil if there is no such file.
    static func read(_ path: String, limit: Int) throws(SampleArchiveError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .system(errno, "read", path) }
            return nil
        }
        defer { close(descriptor) }
        var content = [UInt8](repeating: 0, count: limit)
        let count = content.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, limit) }
        guard count >= 0 else { throw .system(errno, "read", path) }
        return Array(content[..<count])
    }
}
