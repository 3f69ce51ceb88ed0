internal import CKernel
internal import Glibc
internal import VolumeModel

/// Where the files of one object version lie.
struct ObjectPaths: Hashable, Sendable {
    /// 64 hexadecimal digits.
    let name: String
    /// The folder of those with the same first two.
    let shard: String
    var data: String { "\(shard)/\(name).data" }
    var map: String { "\(shard)/\(name).map" }

    /// Removes both, the data first: a map without data is made anew, data without a map would
    /// never be found again.
    func unlink() {
        Glibc.unlink(data)
        Glibc.unlink(map)
    }
}

/// The folder that the cache lies in: who owns it, and which format it has.
struct CacheFolder: Sendable {
    /// Absolute.
    let path: String

    private static let formatName = "perigee-cache"
    private static let format = 1

    var objects: String { "\(path)/v1/objects" }

    func paths(of name: String) -> ObjectPaths {
        ObjectPaths(name: name, shard: "\(objects)/\(name.prefix(2))")
    }

    /// Makes the folder where it is missing, and checks that it is ours and of our format.
    ///
    /// - Throws: `.newerFormat`, `.accessDenied`, `.invalidArgument`, `.notADirectory` where it
    ///   must not be used; a `DiskFault` is not thrown but returned: bytes then pass by.
    func prepare() throws(PerigeeError) -> DiskFault? {
        let name = Printable.quoted(path)
        guard path.hasPrefix("/") else {
            throw PerigeeError(.invalidArgument, "the cache folder \(name) is no absolute path")
        }
        if let fault = makeWithParents() { return fault }
        var facts = perigee_stat()
        let code = perigee_stat_following(AT_FDCWD, path, &facts)
        guard code == 0 else { return .system(-code) }
        guard facts.mode & S_IFMT == S_IFDIR else {
            throw PerigeeError(
                .notADirectory, "the cache folder \(name) is no folder",
                remedy: "name another folder")
        }
        guard facts.uid == geteuid() else {
            throw PerigeeError(
                .accessDenied, "the cache folder \(name) belongs to user \(facts.uid)",
                remedy: "each user has a cache of their own: name another folder")
        }
        guard facts.mode & 0o077 == 0 else {
            throw PerigeeError(
                .accessDenied, "others can enter the cache folder \(name)",
                remedy: "chmod 700 it, or name another folder")
        }
        if let kind = try? FileSystemKind(of: path), kind.isNetwork {
            throw PerigeeError(
                .invalidArgument, "the cache folder \(name) lies on a network file system",
                remedy: "name a folder on a disk of this machine")
        }
        if let fault = try checkFormat() { return fault }
        return make("\(path)/v1") ?? make(objects)
    }

    private func checkFormat() throws(PerigeeError) -> DiskFault? {
        let file = perigee_open_block_file("\(path)/format", 0, 1)
        guard file >= 0 else {
            guard file == -ENOENT else { return .system(-file) }
            return writeFormat()
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = max(0, pread(file, &bytes, bytes.count, 0))
        let words = String(decoding: bytes[..<count], as: UTF8.self).split { " \n".contains($0) }
        let name = Printable.quoted(path)
        // One that was cut off by a crash says nothing, and is written again.
        if count == 0 { return writeFormat() }
        guard words.count == 2, words[0] == Self.formatName, let format = Int(words[1]) else {
            throw PerigeeError(
                .invalidArgument, "\(name) holds something else than a cache",
                remedy: "name an empty folder")
        }
        guard format <= Self.format else {
            throw PerigeeError(
                .newerFormat, "the cache \(name) has format \(format), this program knows 1",
                remedy: "use the newer program, or name another folder")
        }
        return nil
    }

    private func writeFormat() -> DiskFault? {
        let new = "\(path)/format.new-\(getpid())"
        let file = perigee_open_block_file(new, 1, 0)
        guard file >= 0 else { return .system(-file) }
        defer { close(file) }
        let text = Array("\(Self.formatName) \(Self.format)\n".utf8)
        guard pwrite(file, text, text.count, 0) == text.count, rename(new, "\(path)/format") == 0
        else {
            let code = errno
            unlink(new)
            return .system(code)
        }
        return nil
    }

    /// Makes the folder that a version's files lie in, with those above it: the cache may have been
    /// deleted while it was in use.
    func makeShard(of paths: ObjectPaths) throws(DiskFault) {
        guard let fault = make(paths.shard) else { return }
        guard fault == .system(ENOENT) else { throw fault }
        if let fault = makeWithParents() { throw fault }
        for folder in ["\(path)/v1", objects, paths.shard] {
            if let fault = make(folder) { throw fault }
        }
        if let fault = writeFormat() { throw fault }
    }

    private func makeWithParents() -> DiskFault? {
        guard let fault = make(path) else { return nil }
        guard fault == .system(ENOENT) else { return fault }
        var parent = ""
        for name in path.split(separator: "/") {
            parent += "/\(name)"
            // One above that is there may be of a kind that says EROFS or EACCES to this.
            if access(parent, F_OK) != 0, let fault = make(parent) { return fault }
        }
        return nil
    }

    private func make(_ folder: String) -> DiskFault? {
        mkdir(folder, 0o700) == 0 || errno == EEXIST ? nil : .system(errno)
    }
}
